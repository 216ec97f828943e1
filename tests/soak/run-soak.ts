import { checkStore } from "hikyaku";
import { type Bound, rises, type Slope, slopeOf } from "./slope.ts";
import { type LoadNumbers, SoakLoad } from "./soak-load.ts";
import { openSoakStore, type SoakStore, type StoreKind } from "./soak-store.ts";

export interface SoakOptions {
  readonly store: StoreKind;
  readonly minutes: number;
  readonly tasksPerSecond: number;
  readonly sampleEveryMs: number;
  readonly print: (line: string) => void;
  /** Ends the soak early; what was measured by then is judged. */
  readonly signal?: AbortSignal;
}

/** One look at everything, bytes by name. */
export interface Sample {
  readonly minute: number;
  readonly bytes: Readonly<Record<SeriesName, number | undefined>>;
}

/** What is shorter shows little but the warm-up, so its slopes are told and not judged. */
export const leastMinutes = 5;

const mebibyte = 1_048_576;

/**
 * What is measured, and how much it may rise and still count as flat: as long as it stays below one of the two. `heap` is
 * what is in use after a garbage collection, the one number that shows a leak early; `rss` also what the allocator keeps.
 */
export const series = {
  heap: { title: "heap in use", bound: { percentPerHour: 20, bytesPerHour: 6 * mebibyte } },
  rss: { title: "process memory", bound: { percentPerHour: 25, bytesPerHour: 32 * mebibyte } },
  store: { title: "store in use", bound: { percentPerHour: 20, bytesPerHour: 4 * mebibyte } },
  disk: { title: "files on disk", bound: { percentPerHour: 25, bytesPerHour: 16 * mebibyte } },
} as const satisfies Record<string, { title: string; bound: Bound }>;
export type SeriesName = keyof typeof series;
export const seriesNames = Object.keys(series) as SeriesName[];

export interface SoakReport {
  readonly store: StoreKind;
  readonly minutes: number;
  readonly tasksPerSecond: number;
  readonly load: LoadNumbers;
  readonly processedPerSecond: number;
  /** Tasks that were still there a minute after the load ended; 0 when all is well. */
  readonly left: number;
  /** What the checker says of the store after that. */
  readonly findings: readonly string[];
  readonly slopes: Readonly<Partial<Record<SeriesName, Slope>>>;
  readonly rising: readonly SeriesName[];
  readonly samples: readonly Sample[];
}

/** Runs the load on a store of its own and fits a line over the second half, when everything is warm. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { store: kind, minutes, tasksPerSecond, sampleEveryMs, print, signal } = options;
  const store = await openSoakStore(kind);
  const broker = store.open();
  await broker.ready();
  const load = new SoakLoad(broker, tasksPerSecond);
  const samples: Sample[] = [];
  const startedAt = performance.now();
  try {
    load.start();
    while (performance.now() - startedAt < minutes * 60_000 && signal?.aborted !== true) {
      await pause(sampleEveryMs, signal);
      await load.look();
      const sample = await look(store, (performance.now() - startedAt) / 60_000);
      samples.push(sample);
      print(`${kind} ${describe(sample)}; ${load.numbers.accepted} accepted, ${load.waiting} waiting`);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const processed = (await broker.queue("default"))?.processedTotal ?? 0;
    const left = await load.drain();
    const findings = await checkStore(broker, { scope: "tasks", graceMs: 1_000 });
    const slopes = slopesOf(samples);
    const judged = seconds / 60 >= leastMinutes ? seriesNames : [];
    return {
      store: kind,
      minutes: seconds / 60,
      tasksPerSecond,
      load: load.numbers,
      left,
      slopes,
      samples,
      processedPerSecond: processed / seconds,
      findings: findings.map(({ level, detail }) => `${level}: ${detail}`),
      rising: judged.filter((name) => rises(slopes[name] ?? flat, series[name].bound)),
    };
  } finally {
    await load.stop();
    await broker.close();
    await store.remove();
  }
}

const flat: Slope = { bytesPerMinute: 0, uncertainty: 0, level: 1, percentPerHour: 0 };

async function look(store: SoakStore, minute: number): Promise<Sample> {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { minute, bytes: { heap: heapUsed, rss, store: await store.bytesUsed(), disk: store.bytesOnDisk() } };
}

/** Over the second half: by then buffers, caches, the archive and the compiler have taken what they take. */
function slopesOf(samples: readonly Sample[]): Partial<Record<SeriesName, Slope>> {
  const half = samples.slice(Math.floor(samples.length / 2));
  const slopes: Partial<Record<SeriesName, Slope>> = {};
  for (const name of seriesNames) {
    const points = half.flatMap(({ minute, bytes }) => {
      const value = bytes[name];
      return value === undefined ? [] : [{ minute, bytes: value }];
    });
    if (points.length >= 3) slopes[name] = slopeOf(points);
  }
  return slopes;
}

function describe({ minute, bytes }: Sample): string {
  const words = seriesNames.flatMap((name) => {
    const value = bytes[name];
    return value === undefined ? [] : [`${series[name].title} ${(value / mebibyte).toFixed(1)} MiB`];
  });
  return `${minute.toFixed(1)} min: ${words.join(", ")}`;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done, { once: true });
  });
}
