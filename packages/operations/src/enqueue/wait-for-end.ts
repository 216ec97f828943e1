import { type EnqueueResponse, MAX_RESULT_WAIT_SECONDS } from "@hikyaku/contract";
import { errorText, isHikyakuError } from "hikyaku";
import type { OperationsContext } from "../context.ts";
import { hides, maskedValue } from "../presenters/mask.ts";

/** How long a task that is waited for is kept after it has succeeded, so that its result can be read. */
export const WAITED_RETENTION_MS = 5 * 60_000;

/** The seconds that `Prefer: wait=n` asks for, within the bound. Undefined when it asks for none, or for what is none. */
export function secondsOfPrefer(prefer: string | undefined): number | undefined {
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i.exec(prefer ?? "") ?? [];
  const asked = Number(seconds ?? 0);
  return asked === 0 ? undefined : Math.min(asked, MAX_RESULT_WAIT_SECONDS);
}

/**
 * How a task ended. Null when it has not within so many seconds, when it is gone, or when the store can't tell: it was
 * enqueued all the same, so nothing is thrown.
 */
export async function waitForEnd(
  { client, mask, signal }: Pick<OperationsContext, "client" | "mask" | "signal">,
  task: { readonly queue: string; readonly id: string; readonly type: string },
  seconds: number,
): Promise<EnqueueResponse["finished"]> {
  const { queue, id, type } = task;
  try {
    const named = { queue, id, definition: { type, result: undefined } };
    const result = await client.waitForResult(named, { within: { ms: seconds * 1_000 }, signal });
    return {
      state: "completed",
      result: hides(mask, "results") ? null : maskedValue(result ?? null, mask),
      error: null,
    };
  } catch (error) {
    if (isHikyakuError(error, "task_archived")) return { state: "archived", result: null, error: errorText(error) };
    if (isHikyakuError(error, "invalid_payload")) return { state: "completed", result: null, error: errorText(error) };
    return null;
  }
}
