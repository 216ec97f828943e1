import type { DurableEntry } from "./schedule-facet.ts";

/** Reads a durable entry from the JSON that a store keeps of it. Undefined when it is not one. */
export function readDurableEntry(json: string | undefined): DurableEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json ?? "");
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { entryId, spec, timeZone, queue, definition, paused, catchUp, since, revision } =
    value as Partial<DurableEntry>;
  const isEntry =
    [entryId, spec, timeZone, queue, definition].every((word) => typeof word === "string") &&
    [since, revision].every(Number.isFinite) &&
    typeof paused === "boolean" &&
    isCatchUp(catchUp);
  return isEntry ? (value as DurableEntry) : undefined;
}

function isCatchUp(value: unknown): boolean {
  if (value === "skip" || value === "once") return true;
  return typeof value === "object" && value !== null && "all" in value && typeof value.all === "number";
}
