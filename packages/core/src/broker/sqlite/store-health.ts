import type { HikyakuError } from "../../errors.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Reachability } from "../broker.ts";
import { ReachabilityNews } from "../reachability-news.ts";

const firstPauseMs = 50;
const longestPauseMs = 1_000;
/**
 * So many times the store is believed at once to be well again. After another failure it must first stay well for a
 * while.
 */
const freeRecoveries = 3;
const firstDoubtMs = 1_000;
const longestDoubtMs = 30_000;
/** A store that was well for so long is believed again. */
const trustedAfterMs = 60_000;

/**
 * What the calls tell of the store. It is away once a call failed for the store's own reasons. It is back once
 * something written is on the disk again. While it is away, it is tried after pauses that grow up to a second. A store
 * where some calls work and others fail counts as away, so that it does not switch with each of them.
 */
export class StoreHealth {
  readonly #try: () => Promise<void>;
  readonly #news: ReachabilityNews;
  #reason: HikyakuError | undefined;
  #failures = 0;
  #pauseMs = firstPauseMs;
  #mayTryAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #recoveries = 0;
  #recoveredAt = Number.NEGATIVE_INFINITY;
  #doubtedUntil = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** `tryOut` writes something without effect. It calls `failed` or `worked`, and never throws. */
  constructor(clock: Clock, tryOut: () => Promise<void>) {
    this.#try = tryOut;
    this.#news = new ReachabilityNews(clock, "not opened yet");
  }

  get reachability(): Reachability {
    return this.#news.latest;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    return this.#news.listen(listener);
  }

  /** Why nobody should try to open the store now. The first call after a failure may always try. */
  get refusal(): HikyakuError | undefined {
    return this.#failures > 1 && systemClock.monotonic() < this.#mayTryAt ? this.#reason : undefined;
  }

  /** The file is open. It counts as reachable as long as no call has failed. */
  opened(): void {
    if (this.#failures === 0) this.#news.set(true, undefined);
  }

  /** A call failed, and others would fail for the same reason. */
  failed(reason: HikyakuError): void {
    if (this.#closed) return;
    const now = systemClock.monotonic();
    this.#failures++;
    this.#reason = reason;
    if (this.reachability.reachable) this.#doubt(now);
    this.#news.set(false, reason.message);
    if (this.#timer === undefined) this.#pause(now);
  }

  /** Something that was written is on the disk. */
  worked(): void {
    if (this.#failures === 0) return;
    const now = systemClock.monotonic();
    this.#mayTryAt = Number.NEGATIVE_INFINITY;
    if (this.#closed || now < this.#doubtedUntil) return;
    this.#failures = 0;
    this.#pauseMs = firstPauseMs;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#recoveries++;
    this.#recoveredAt = now;
    this.#news.set(true, undefined);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#news.set(false, "closed");
  }

  #doubt(now: number): void {
    if (now - this.#recoveredAt > trustedAfterMs) this.#recoveries = 0;
    if (this.#recoveries <= freeRecoveries) return;
    this.#doubtedUntil = now + Math.min(longestDoubtMs, firstDoubtMs * 2 ** (this.#recoveries - freeRecoveries));
  }

  #pause(now: number): void {
    const pauseMs = this.#pauseMs * (0.5 + Math.random() / 2);
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
    this.#mayTryAt = now + pauseMs;
    const timer = setTimeout(() => {
      this.#mayTryAt = Number.NEGATIVE_INFINITY;
      void this.#try().then(() => this.#tried(timer));
    }, pauseMs).unref();
    this.#timer = timer;
  }

  #tried(timer: NodeJS.Timeout): void {
    if (this.#timer !== timer) return;
    this.#timer = undefined;
    if (this.#failures > 0 && !this.#closed) this.#pause(systemClock.monotonic());
  }
}
