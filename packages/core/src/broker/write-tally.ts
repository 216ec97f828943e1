import { type ErrorCode, errorText, isHikyakuError } from "../errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Broker } from "./broker.ts";
import type { EnqueueOutcome } from "./enqueue-facet.ts";
import type { ClaimResult, SettleAnswer } from "./work-facet.ts";
import type { FailingWrites, WriteHealth, WriteKind } from "./write-health-facet.ts";

/** Errors that the store is to blame for. All others are the caller's own, such as giving up. */
const storesFault: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "broker_unavailable",
  "answer_lost",
  "deadline_exceeded",
  "store_rejected",
  "corrupt_data",
  "not_acknowledged",
]);

/** A failure that comes later than this after the one before is not connected with it. */
const apartMs = 15_000;

/** The calls whose answers show how writing goes. */
type WatchedCalls = Pick<Broker, WriteKind>;

/** Watches the writing calls of one broker. While all is well it costs an increment a call. */
export class WriteTally implements WatchedCalls {
  readonly #clock: Clock;
  readonly #calls: WatchedCalls;
  readonly #failing = new Map<WriteKind, FailingWrites>();
  #written = 0;

  constructor(clock: Clock, calls: WatchedCalls) {
    this.#clock = clock;
    this.#calls = calls;
  }

  writeHealth(): WriteHealth {
    return { written: this.#written, failing: [...this.#failing.values()] };
  }

  enqueue(...args: Parameters<WatchedCalls["enqueue"]>): ReturnType<WatchedCalls["enqueue"]> {
    const answer = this.#calls.enqueue(...args);
    answer.then(this.#enqueued, this.#enqueueFailed);
    return answer;
  }

  claim(...args: Parameters<WatchedCalls["claim"]>): ReturnType<WatchedCalls["claim"]> {
    const answer = this.#calls.claim(...args);
    answer.then(this.#claimed, this.#claimFailed);
    return answer;
  }

  settle(...args: Parameters<WatchedCalls["settle"]>): ReturnType<WatchedCalls["settle"]> {
    const answer = this.#calls.settle(...args);
    answer.then(this.#settled, this.#settleFailed);
    return answer;
  }

  extend(...args: Parameters<WatchedCalls["extend"]>): ReturnType<WatchedCalls["extend"]> {
    const answer = this.#calls.extend(...args);
    answer.then(this.#extended, this.#extendFailed);
    return answer;
  }

  announce(...args: Parameters<WatchedCalls["announce"]>): ReturnType<WatchedCalls["announce"]> {
    const answer = this.#calls.announce(...args);
    answer.then(this.#announced, this.#announceFailed);
    return answer;
  }

  readonly #enqueued = (outcomes: readonly EnqueueOutcome[]): void => {
    if (outcomes.some(({ kind }) => kind === "accepted")) {
      this.#wrote("enqueue");
      return;
    }
    // Duplicates and taken ids are no failure: nothing had to be written.
    const [first] = outcomes;
    if (first?.kind === "failed" && outcomes.every(({ kind }) => kind === "failed"))
      this.#failed("enqueue", first.error);
  };

  /** A claim that found no task has written nothing. */
  readonly #claimed = ({ tasks }: ClaimResult): void => {
    if (tasks.length > 0) this.#wrote("claim");
    else this.#failing.delete("claim");
  };

  readonly #settled = ({ results, claimed }: SettleAnswer): void => {
    if (results.length > 0) this.#wrote("settle");
    if (claimed !== undefined) this.#claimed(claimed);
  };

  readonly #extended = (): void => void this.#failing.delete("extend");
  readonly #announced = (): void => void this.#failing.delete("announce");

  readonly #enqueueFailed = (error: unknown): void => this.#failed("enqueue", error);
  readonly #claimFailed = (error: unknown): void => this.#failed("claim", error);
  readonly #settleFailed = (error: unknown): void => this.#failed("settle", error);
  readonly #extendFailed = (error: unknown): void => this.#failed("extend", error);
  readonly #announceFailed = (error: unknown): void => this.#failed("announce", error);

  #wrote(kind: WriteKind): void {
    this.#written++;
    if (this.#failing.size > 0) this.#failing.delete(kind);
  }

  #failed(kind: WriteKind, error: unknown): void {
    if (!isHikyakuError(error) || !storesFault.has(error.code)) return;
    const latest = this.#clock.now();
    const before = this.#failing.get(kind);
    const goesOn = before !== undefined && Math.abs(latest - before.latest) <= apartMs;
    const { since, calls } = goesOn ? before : { since: latest, calls: 0 };
    this.#failing.set(kind, { kind, since, latest, calls: calls + 1, reason: errorText(error) });
  }
}
