import { HikyakuError } from "../../errors.ts";

/** Why a handler is asked to stop. */
export type AbortKind = "deadline" | "cancelled" | "lease_lost" | "evicted" | "shutdown";

/** Whether somebody else has the task now. Nothing may be written about it then. */
export function isTakenAway(kind: AbortKind | undefined): boolean {
  return kind === "lease_lost" || kind === "evicted";
}

/** What Asynq stores for an attempt that ended this way. Readers look for these texts. */
export const storedText = {
  deadline: "context deadline exceeded",
  cancelled: "context canceled",
  lease_lost: "asynq: task lease expired",
  evicted: "asynq: task lease expired",
  shutdown: "context canceled",
} as const satisfies Record<AbortKind, string>;

/**
 * The reason of a handler's signal. Its code is `deadline_exceeded`, `cancelled`, `lease_lost` or `evicted`, or
 * `closed` when the server stops.
 */
export function abortReason(kind: AbortKind, type: string, taskId: string): HikyakuError {
  const task = `task ${taskId} of type "${type}"`;
  switch (kind) {
    case "deadline":
      return new HikyakuError("deadline_exceeded", `${task}: this attempt's time is over`);
    case "cancelled":
      return new HikyakuError("cancelled", `${task}: somebody asked to cancel it`);
    case "lease_lost":
      return new HikyakuError(
        "lease_lost",
        `${task}: this server does not hold it any more, another may be running it`,
      );
    case "evicted":
      return new HikyakuError("evicted", `${task}: this server was evicted, another one runs the task`);
    case "shutdown":
      return new HikyakuError("closed", `${task}: the server stops; the task is handed back and will run again`);
  }
}
