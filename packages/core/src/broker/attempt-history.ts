import type { AttemptRecord } from "./work-facet.ts";

/**
 * The attempts that a stored history of a task tells of, a JSON object a line, oldest first. A line that can't be read is left
 * out: it tells nobody anything.
 */
export function readAttempts(field: string | undefined): AttemptRecord[] {
  if (field === undefined || field === "") return [];
  return field.split("\n").flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isAttempt(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

function isAttempt(value: unknown): value is AttemptRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "serverId" in value &&
    typeof value.serverId === "string" &&
    "startedAt" in value &&
    typeof value.startedAt === "number" &&
    "endedAt" in value &&
    typeof value.endedAt === "number" &&
    "outcome" in value &&
    typeof value.outcome === "string"
  );
}
