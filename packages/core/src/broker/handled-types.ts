import type { HandledTypes } from "./work-facet.ts";

/** Whether whoever handles these types has a handler for this one. */
export function handlesType(handled: HandledTypes, type: string): boolean {
  if (handled.kind === "all") return true;
  return handled.exact.includes(type) || handled.prefixes.some((prefix) => type.startsWith(prefix));
}
