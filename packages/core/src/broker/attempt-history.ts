import { stacksKept } from "./limits.ts";
import type { ServerRecord } from "./presence-facet.ts";
import type { AttemptRecord, AttemptServer } from "./work-facet.ts";

const unknownPid = 0;

/** The server of an attempt, as its record names it: `unknown` with pid 0 when nobody knows where it ran. */
export function attemptServerOf(
  serverId: string,
  server: Pick<ServerRecord, "host" | "pid" | "details"> | undefined,
): AttemptServer {
  const { host = "unknown", pid = unknownPid, details } = server ?? {};
  return { serverId, host, pid, ...codeOf(details?.directory, details?.build) };
}

/**
 * The attempts in a task's stored history: one JSON object a line, oldest first. Lines that can't be read are left out.
 */
export function readAttempts(field: string | undefined): AttemptRecord[] {
  if (field === undefined || field === "") return [];
  return field.split("\n").flatMap((line) => {
    try {
      const attempt = attemptIn(JSON.parse(line));
      return attempt === undefined ? [] : [attempt];
    } catch {
      return [];
    }
  });
}

/** One attempt as a line of a stored history. */
export function attemptText(attempt: AttemptRecord): string {
  const { stack, ...rest } = attempt;
  // The stack is the end of the line, where `withoutOldStacks` and `includes/attempts.lua` cut it off.
  return JSON.stringify(stack === undefined ? attempt : { ...rest, stack });
}

/** The lines of a history, of which only the newest keep their stack. */
export function withoutOldStacks(lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index < lines.length - stacksKept ? line.replace(/,"stack":".*$/, "}") : line));
}

const outcomes: ReadonlySet<unknown> = new Set<AttemptRecord["outcome"]>([
  "done",
  "completed",
  "retry",
  "archived",
  "handed_back",
  "lost",
]);

function attemptIn(value: unknown): AttemptRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { serverId, host, pid, directory, build, startedAt, endedAt, outcome, error, stack } =
    value as Partial<AttemptRecord>;
  if (typeof serverId !== "string" || !isMoment(startedAt) || !isMoment(endedAt)) return undefined;
  if (outcome === undefined || !outcomes.has(outcome)) return undefined;
  return {
    serverId,
    host: typeof host === "string" ? host : "unknown",
    pid: Number.isSafeInteger(pid) && pid !== undefined ? pid : unknownPid,
    ...codeOf(directory, build),
    startedAt,
    endedAt,
    outcome,
    ...(typeof error === "string" && { error }),
    ...(typeof stack === "string" && { stack }),
  };
}

function codeOf(directory: unknown, build: unknown): Pick<AttemptServer, "directory" | "build"> {
  return { ...(typeof directory === "string" && { directory }), ...(typeof build === "string" && { build }) };
}

/** Whether a Date can hold it. */
function isMoment(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}
