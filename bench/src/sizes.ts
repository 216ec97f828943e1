/** How much each workload does. */
export interface Sizes {
  readonly enqueue: number;
  readonly oneByOne: number;
  readonly process: number;
  /** Tasks that run before the clock of a processing workload starts. */
  readonly warmUp: number;
  readonly pickUps: number;
  readonly delayed: number;
  readonly delayedOverMs: number;
  readonly memory: number;
  readonly idleMs: number;
  /** Tasks of one measurement of the growth workloads, of which each does some. */
  readonly growth: number;
  /** Tasks that are in the store meanwhile. */
  readonly backlog: number;
}

export const fullSizes: Sizes = {
  enqueue: 80_000,
  oneByOne: 20_000,
  process: 60_000,
  warmUp: 15_000,
  pickUps: 400,
  delayed: 10_000,
  delayedOverMs: 10_000,
  memory: 30_000,
  idleMs: 30_000,
  growth: 40_000,
  backlog: 1_000_000,
};

export const quickSizes: Sizes = {
  enqueue: 8_000,
  oneByOne: 2_400,
  process: 6_000,
  warmUp: 1_500,
  pickUps: 50,
  delayed: 1_000,
  delayedOverMs: 1_000,
  memory: 6_000,
  idleMs: 2_000,
  growth: 4_000,
  backlog: 50_000,
};

/** So small that what comes out means nothing; to see that everything works. */
export const tinySizes: Sizes = {
  enqueue: 400,
  oneByOne: 160,
  process: 300,
  warmUp: 50,
  pickUps: 5,
  delayed: 50,
  delayedOverMs: 100,
  memory: 100,
  idleMs: 100,
  growth: 100,
  backlog: 300,
};

/** 1,000,000 as `1 M`. */
export function inWords(count: number): string {
  if (count >= 1_000_000) return `${count / 1_000_000} M`;
  return count >= 1_000 ? `${count / 1_000} k` : String(count);
}
