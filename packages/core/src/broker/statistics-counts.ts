/**
 * All numbers of one period in one array, by the places below. Stores keep the places, so one that was released is never
 * given another meaning.
 */
export type StatisticsCounts = Float64Array;

/** What is counted, and where. */
export const countPlaces = {
  enqueued: 0,
  started: 1,
  succeeded: 2,
  failed: 3,
  retried: 4,
  archived: 5,
  lost: 6,
} as const;
export type CountName = keyof typeof countPlaces;

/**
 * The upper ends of the buckets in milliseconds, each included. One more bucket holds all that is longer. Stores keep
 * the places of the buckets, so an end that was released stays.
 */
export const bucketEndsMs: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
  3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000,
];
export const bucketCount = bucketEndsMs.length + 1;

/** Where each histogram begins: the sum of all values in milliseconds, then its buckets. */
export const histogramPlaces = { lateness: 10, succeededRun: 40, failedRun: 70 } as const;
export type HistogramName = keyof typeof histogramPlaces;

const size = histogramPlaces.failedRun + 1 + bucketCount;

export function noCounts(): StatisticsCounts {
  return new Float64Array(size);
}

/** Adds `more` to `counts`. */
export function addCounts(counts: StatisticsCounts, more: StatisticsCounts): void {
  for (let place = 0; place < size; place++) {
    const count = more[place];
    if (count !== undefined && count !== 0) counts[place] = (counts[place] ?? 0) + count;
  }
}

/** Adds one value to a histogram. A value below 0, as after a step of the clock, counts as 0. */
export function addValue(counts: StatisticsCounts, histogram: HistogramName, valueMs: number): void {
  const place = histogramPlaces[histogram];
  const value = Math.max(0, valueMs);
  const bucket = place + 1 + bucketOf(value);
  counts[place] = (counts[place] ?? 0) + value;
  counts[bucket] = (counts[bucket] ?? 0) + 1;
}

function bucketOf(valueMs: number): number {
  let low = 0;
  let high = bucketEndsMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueMs <= (bucketEndsMs[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** As a store keeps them: `place:count`, joined by commas, without those that are 0. */
export function countsText(counts: StatisticsCounts): string {
  let text = "";
  for (let place = 0; place < counts.length; place++) {
    const count = counts[place] ?? 0;
    if (count !== 0) text += `${text === "" ? "" : ","}${place}:${Math.round(count)}`;
  }
  return text;
}

/** Adds what a store keeps. Leaves out places that this version does not know, and what is no number. */
export function addCountsText(counts: StatisticsCounts, text: string): void {
  for (const part of text.split(",")) {
    const colon = part.indexOf(":");
    const place = Number(part.slice(0, colon));
    const count = Number(part.slice(colon + 1));
    if (colon > 0 && place < size && Number.isInteger(place) && Number.isFinite(count)) {
      counts[place] = (counts[place] ?? 0) + count;
    }
  }
}
