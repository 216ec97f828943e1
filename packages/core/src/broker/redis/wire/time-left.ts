import { HikyakuError } from "../../../errors.ts";
import type { CallOptions } from "../../call-options.ts";

/**
 * Counts the time of a call from now on. The function returns the call's options with the time that is left.
 * @throws HikyakuError the function throws `broker_unavailable` when none is left. Nothing was carried out until then.
 */
export function countedFromNow(call: CallOptions, location: string): () => CallOptions {
  const { timeoutMs } = call;
  if (timeoutMs === undefined) return () => call;
  const startedAt = performance.now();
  return () => {
    const leftMs = timeoutMs - (performance.now() - startedAt);
    if (leftMs > 0) return { ...call, timeoutMs: leftMs };
    throw new HikyakuError(
      "broker_unavailable",
      `Redis at ${location} could not be asked within ${Math.ceil(timeoutMs)} ms; nothing was sent to it that it carried out`,
    );
  };
}
