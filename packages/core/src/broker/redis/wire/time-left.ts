import { HikyakuError } from "../../../errors.ts";
import type { CallOptions } from "../../call-options.ts";

/**
 * The options of a call that waited since `startedAt`, on the clock of `performance.now()`, with the time that is left.
 * @throws HikyakuError `broker_unavailable` when none is left. Nothing was carried out until now.
 */
export function timeLeft(call: CallOptions, startedAt: number, location: string): CallOptions {
  if (call.timeoutMs === undefined) return call;
  const timeoutMs = call.timeoutMs - (performance.now() - startedAt);
  if (timeoutMs > 0) return { ...call, timeoutMs };
  throw new HikyakuError(
    "broker_unavailable",
    `Redis at ${location} could not be asked within ${call.timeoutMs} ms; nothing was sent to it that it carried out`,
  );
}
