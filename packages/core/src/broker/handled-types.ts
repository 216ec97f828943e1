import type { HandledTypes } from "./work-facet.ts";

/** Whether a server that handles `handled` has a handler for this type. */
export function handlesType(handled: HandledTypes, type: string): boolean {
  if (handled.kind === "all") return true;
  return handled.exact.includes(type) || handled.prefixes.some((prefix) => type.startsWith(prefix));
}
