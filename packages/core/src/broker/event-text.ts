import type { KeptEvent } from "./event-facet.ts";

/** What the feed keeps as JSON. Undefined when it is no event: another program may write there. */
export function readEvent(json: string): KeptEvent["event"] | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isEvent = typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";
    return isEvent ? (value as KeptEvent["event"]) : undefined;
  } catch {
    return undefined;
  }
}
