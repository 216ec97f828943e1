import type { DemoJobsView } from "@hikyaku/contract";
import type { ApiClient } from "../api/api-client.ts";
import { ApiError, type ApiFailure } from "../api/api-failure.ts";
import { nextAskInMs, type PaceFacts, soonestAskInMs, withAsk } from "./follow-pace.ts";
import { expectedMoments } from "./job-moments.ts";
import type { Fate } from "./registration-fate.ts";
import type { ServerClock } from "./server-clock.ts";
import type { SessionJobStore } from "./session-job-store.ts";
import { afterAnswer, canBeAsked, needsAsking, type SessionJob } from "./session-jobs.ts";

/** How fresh the page's knowledge is. Moments are of the server's clock, in milliseconds. */
export interface FollowState {
  /** The last answer about the queue. Undefined before the first. */
  readonly queue: DemoJobsView["queue"] | undefined;
  /** When the last answer came. */
  readonly answeredAtMs: number | undefined;
  /** Why the last question brought no answer; undefined when it did. */
  readonly failure: ApiFailure | undefined;
  /** Until when the server wants to hear nothing. */
  readonly silentUntilMs: number | undefined;
  /** When the server's readiness last said that the store is well. Undefined while it does not say so. */
  readonly storeWellAtMs?: number | undefined;
}

/** Whether the page can be seen. */
export interface PageSight {
  isHidden(): boolean;
  /** Calls back when the page is seen again. Returns a function that ends that. */
  onShown(callback: () => void): () => void;
}

interface FollowerParts {
  readonly api: Pick<ApiClient, "demoJobs">;
  readonly store: SessionJobStore;
  readonly clock: ServerClock;
  readonly page: PageSight;
  /** What the tab asked so far, whichever of its pages asked. */
  readonly asked: AskLog;
}

/** When the tab asked in the last hour, by `performance.now()`, oldest first. */
export interface AskLog {
  atMs: readonly number[];
}

/** When the server refuses for a while and doesn't say for how long. */
const UNKNOWN_WAIT_S = 60;

/**
 * Asks about the jobs in a store, all in one request, and writes the answers there. It asks once when it starts and
 * when the page is seen again, then as {@link nextAskInMs} says, until no job needs it.
 */
export class JobFollower {
  readonly #parts: FollowerParts;
  readonly #listeners = new Set<() => void>();
  #state: FollowState = { queue: undefined, answeredAtMs: undefined, failure: undefined, silentUntilMs: undefined };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #call: AbortController | undefined;
  #askAgain = false;
  #changedAtMs = 0;
  #failures = 0;
  #seen = "";

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  readonly state = (): FollowState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Begins to follow. Returns a function that ends it, and the call that is under way. */
  start(): () => void {
    const forget = this.#parts.page.onShown(() => this.askSoon());
    this.askSoon();
    return () => {
      forget();
      clearTimeout(this.#timer);
      this.#call?.abort();
      this.#call = undefined;
    };
  }

  /** Asks as soon as the limits allow it: there is a new job, or somebody looks again. */
  askSoon(): void {
    this.#changedAtMs = performance.now();
    if (this.#call === undefined) this.#plan(soonestAskInMs(this.#pace()));
    else this.#askAgain = true;
  }

  #plan(inMs: number): void {
    clearTimeout(this.#timer);
    if (this.#parts.page.isHidden()) return;
    this.#timer = setTimeout(() => void this.#ask(), inMs);
  }

  async #ask(): Promise<void> {
    const { api, store, clock, page, asked: log } = this.#parts;
    if (page.isHidden()) return;
    const call = new AbortController();
    this.#call = call;
    const asked = new Map(
      store
        .jobs()
        .filter(canBeAsked)
        .map(({ jobId, fate }) => [jobId, fate]),
    );
    const sentAtMs = performance.now();
    log.atMs = withAsk(log.atMs, sentAtMs);
    try {
      const answer = await api.demoJobs([...asked.keys()], call.signal);
      if (call.signal.aborted) return;
      clock.observe(answer.now, sentAtMs);
      this.#take(answer, asked);
    } catch (error) {
      if (call.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#fail(error.failure);
    } finally {
      if (this.#call === call) this.#call = undefined;
    }
    const again = this.#askAgain;
    this.#askAgain = false;
    if (again) this.#plan(soonestAskInMs(this.#pace()));
    else if (store.jobs().some((job) => needsAsking(job, clock.nowMs()))) this.#plan(nextAskInMs(this.#pace()));
  }

  #take(answer: DemoJobsView, asked: ReadonlyMap<string, Fate>): void {
    const { store, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const views = new Map(answer.jobs.map((view) => [view.job_id, view]));
    const seen = seenIn(answer);
    if (seen !== this.#seen) this.#changedAtMs = performance.now();
    this.#seen = seen;
    this.#failures = 0;
    // A job that was sent again while the question was on its way may be stored by now, though the answer misses it.
    const wasAsked = (job: SessionJob) => asked.get(job.jobId) === job.fate;
    store.update((jobs) => jobs.map((job) => (wasAsked(job) ? afterAnswer(job, views.get(job.jobId), nowMs) : job)));
    this.#tell({ queue: answer.queue, answeredAtMs: nowMs, failure: undefined, silentUntilMs: undefined });
  }

  #fail(failure: ApiFailure): void {
    this.#failures += 1;
    const silentUntilMs =
      failure.kind === "rate-limited"
        ? this.#parts.clock.nowMs() + (failure.retryAfterSeconds ?? UNKNOWN_WAIT_S) * 1000
        : undefined;
    this.#tell({ ...this.#state, failure, silentUntilMs });
  }

  #tell(state: FollowState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  /** By `performance.now()`: our estimate of the server's clock jumps when the server first tells its time. */
  #pace(): PaceFacts {
    const { store, clock, asked } = this.#parts;
    const nowMs = performance.now();
    const here = (atMs: number) => atMs - clock.nowMs() + nowMs;
    const { silentUntilMs } = this.#state;
    return {
      nowMs,
      changedAtMs: this.#changedAtMs,
      expectedAtMs: store.jobs().flatMap(expectedMoments).map(here),
      askedAtMs: asked.atMs,
      failures: this.#failures,
      silentUntilMs: silentUntilMs === undefined ? undefined : here(silentUntilMs),
    };
  }
}

/** The part of an answer whose change counts: not the clock, and not a lease that is extended again and again. */
function seenIn({ jobs, missing, queue }: DemoJobsView): string {
  const views = jobs.map((view) => ({
    ...view,
    now: "",
    running: view.running && { ...view.running, lease_ends_at: "" },
  }));
  return JSON.stringify([views, missing, queue]);
}
