import { checkedSignal } from "../abort-signal.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import type { Clock } from "../runtime/clock.ts";

/** How long the caller is ready to wait. Every method of the port takes it. Without it the adapter's default holds. */
export interface CallOptions {
  /** Gives up when it fires, with code `cancelled`. A request that was already sent may still take effect. */
  readonly signal?: AbortSignal;
  /**
   * Gives up after this time. The code is `broker_unavailable` when surely nothing was written, otherwise
   * `deadline_exceeded`. Default: the adapter's command timeout.
   */
  readonly timeoutMs?: number;
}

/**
 * For a call that may ask the store several times: its parts share one limit, since each reads what is left. Once nothing
 * is left, whoever asks gets the error of `late`.
 */
export function callUntil(
  endsAt: number,
  clock: Pick<Clock, "monotonic">,
  signal: AbortSignal | undefined,
  late: () => HikyakuError,
): CallOptions {
  return {
    // Each part reads it anew. A copy of the options has what was left when it was made.
    get timeoutMs() {
      const leftMs = endsAt - clock.monotonic();
      if (leftMs > 0) return leftMs;
      throw late();
    },
    ...(signal !== undefined && { signal }),
  };
}

/** @throws HikyakuError `invalid_option` for a limit that would never end the call. */
export function checkCallOptions({ signal, timeoutMs }: CallOptions): void {
  checkedSignal(signal);
  if (timeoutMs === undefined || (typeof timeoutMs === "number" && !Number.isNaN(timeoutMs))) return;
  throw new HikyakuError("invalid_option", `option "timeoutMs": expected milliseconds, got ${shown(timeoutMs)}`);
}
