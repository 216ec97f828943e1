/** The facts that decide when the page next asks about its jobs. All moments are of one clock, in milliseconds. */
export interface PaceFacts {
  readonly nowMs: number;
  /** When an answer last differed from the one before. */
  readonly changedAtMs: number;
  /** Moments at which something should happen: a due time, the end of a lease. Those in the past count for a while. */
  readonly expectedAtMs: readonly number[];
  /** When the page asked in the last hour, oldest first. */
  readonly askedAtMs: readonly number[];
  /** How many calls in a row brought no answer. */
  readonly failures: number;
  /** Until when the server wants to hear nothing (its 429). */
  readonly silentUntilMs: number | undefined;
}

const SHORTEST_MS = 1000;
const LONGEST_MS = 15_000;
/** After an expected moment the page asks each second, for this long. */
const NEAR_MS = 10_000;
/** A job is taken some milliseconds after its time. An earlier question would only see it wait. */
const AFTER_EXPECTED_MS = 150;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** The API's default limits are 60 a minute and 1000 an hour for an address, and the person needs some of them too. */
const MOST_A_MINUTE = 25;
/** After so many requests in an hour, the pauses become so long. Some 800 requests an hour are reached at most. */
const SLOWER_FROM = [
  { asked: 400, apartMs: 6500 },
  { asked: 240, apartMs: 3000 },
];

/** How long to wait before the next question, in milliseconds. */
export function nextAskInMs(facts: PaceFacts): number {
  return Math.max(wishMs(facts), soonestAskInMs(facts));
}

/** How soon the next question may be asked at all, in milliseconds. */
export function soonestAskInMs({ nowMs, askedAtMs, silentUntilMs }: PaceFacts): number {
  const lastHour = askedAtMs.filter((atMs) => atMs > nowMs - HOUR_MS);
  const apartMs = SLOWER_FROM.find(({ asked }) => lastHour.length >= asked)?.apartMs ?? 0;
  const lastMs = lastHour.at(-1) ?? Number.NEGATIVE_INFINITY;
  const oldestMs = lastHour.at(-MOST_A_MINUTE) ?? Number.NEGATIVE_INFINITY;
  return Math.max(0, lastMs + apartMs - nowMs, oldestMs + MINUTE_MS - nowMs, (silentUntilMs ?? nowMs) - nowMs);
}

/** The requests of the last hour, and this one. */
export function withAsk(askedAtMs: readonly number[], nowMs: number): readonly number[] {
  return [...askedAtMs.filter((atMs) => atMs > nowMs - HOUR_MS), nowMs];
}

function wishMs({ nowMs, changedAtMs, expectedAtMs, failures }: PaceFacts): number {
  if (failures > 0) return Math.min(LONGEST_MS, 1000 * 2 ** Math.min(failures, 5));
  if (expectedAtMs.some((atMs) => atMs <= nowMs && nowMs < atMs + NEAR_MS)) return SHORTEST_MS;
  // A thing that has not changed for a minute rarely does in the next second.
  const quietMs = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, (nowMs - changedAtMs) / 8));
  const soonest = Math.min(...expectedAtMs.filter((atMs) => atMs > nowMs).map((atMs) => atMs - nowMs));
  return Math.min(quietMs, soonest + AFTER_EXPECTED_MS);
}
