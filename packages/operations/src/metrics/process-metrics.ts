import { monitorEventLoopDelay } from "node:perf_hooks";
import {
  type DurationHistogram,
  histogramEndsMs,
  type ProcessStatistics,
  processStatistics,
  type ServerReport,
} from "hikyaku";
import type { HistogramSample, Labels, MetricFamily, Sample } from "./metric-family.ts";

/** The most pairs of a queue and a type with series of their own. All later ones share those of `other`. */
const mostSeries = 256;
const other = "other";
const resolutionMs = 20;

/** Measures the event loop of this process, and tells what the process knows of itself. Asks nothing of a store. */
export class ProcessMetrics {
  readonly #loop = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #server: () => ServerReport | undefined;

  /** `server`: how the server of this process is, if it runs one. */
  constructor(server: () => ServerReport | undefined = () => undefined) {
    this.#server = server;
    this.#loop.enable();
  }

  families(): MetricFamily[] {
    const { user, system } = process.cpuUsage();
    const server = this.#server();
    // It measures the whole pause between two looks.
    const delay = Math.max(0, this.#loop.max / 1e9 - resolutionMs / 1_000);
    this.#loop.reset();
    const one = (value: number): readonly Sample[] => [{ labels: {}, value }];
    return [
      ...taskFamilies(processStatistics()),
      ...(server === undefined ? [] : serverFamilies(server)),
      {
        name: "hikyaku_event_loop_delay_seconds",
        type: "gauge",
        help: "The longest delay of the event loop since the last look.",
        samples: one(Number.isFinite(delay) ? delay : 0),
      },
      {
        name: "process_cpu_seconds_total",
        type: "counter",
        help: "Total user and system CPU time spent in seconds.",
        samples: one((user + system) / 1e6),
      },
      {
        name: "process_resident_memory_bytes",
        type: "gauge",
        help: "Resident memory size in bytes.",
        samples: one(process.memoryUsage.rss()),
      },
      {
        name: "process_start_time_seconds",
        type: "gauge",
        help: "Start time of the process since unix epoch in seconds.",
        samples: one(Math.round(performance.timeOrigin) / 1_000),
      },
    ];
  }

  close(): void {
    this.#loop.disable();
  }
}

function serverFamilies({ running, concurrency, unanswered }: ServerReport): MetricFamily[] {
  return [
    {
      name: "hikyaku_worker_slots",
      type: "gauge",
      help: "Slots of the worker, each for one task at a time.",
      samples: [
        { labels: { state: "busy" }, value: running },
        { labels: { state: "free" }, value: Math.max(0, concurrency - running) },
      ],
    },
    {
      name: "hikyaku_worker_unanswered",
      type: "gauge",
      help: "Ends of attempts that the store has not answered yet, and that are repeated.",
      samples: [{ labels: {}, value: unanswered }],
    },
  ];
}

/** What the process has counted since its start. */
export function taskFamilies(statistics: readonly ProcessStatistics[]): MetricFamily[] {
  const series = inBoundedSeries(statistics);
  const counted = (read: (counted: Counted) => number, more: Labels = {}): Sample[] =>
    series.map((one) => ({ labels: { queue: one.queue, type: one.type, ...more }, value: read(one) }));
  const measured = (histogramOf: (counted: Counted) => DurationHistogram, more: Labels = {}): HistogramSample[] =>
    series.flatMap((one) => {
      const { count, sumMs, buckets } = histogramOf(one);
      return count === 0
        ? []
        : [{ labels: { queue: one.queue, type: one.type, ...more }, buckets, sum: sumMs / 1_000 }];
    });
  const counter = (name: string, help: string, samples: readonly Sample[]): MetricFamily => {
    return { name, type: "counter", help, samples };
  };
  const ends = histogramEndsMs.map((endMs) => endMs / 1_000);
  return [
    counter("hikyaku_tasks_enqueued_total", "New tasks that the store accepted from this process.", [
      ...counted(({ enqueued }) => enqueued),
    ]),
    counter("hikyaku_task_attempts_started_total", "Attempts whose handler this process called.", [
      ...counted(({ started }) => started),
    ]),
    counter(
      "hikyaku_task_attempts_total",
      "Attempts by how they ended; failed ones spent a retry or archived their task, and lost ones are those of dead or stalled workers that this process noticed.",
      [
        ...counted(({ succeeded }) => succeeded, { outcome: "succeeded" }),
        ...counted(({ failed }) => failed, { outcome: "failed" }),
        ...counted(({ lost }) => lost, { outcome: "lost" }),
      ],
    ),
    counter("hikyaku_task_retries_total", "Attempts after which the task waits for its next one.", [
      ...counted(({ retried }) => retried),
    ]),
    counter("hikyaku_tasks_archived_total", "Attempts after which the task was archived.", [
      ...counted(({ archived }) => archived),
    ]),
    {
      name: "hikyaku_task_lateness_seconds",
      type: "histogram",
      help: "From the moment that a task was due or joined its line to its start, without the delay that was asked for.",
      ends,
      samples: measured(({ lateness }) => lateness),
    },
    {
      name: "hikyaku_task_run_seconds",
      type: "histogram",
      help: "How long attempts ran, by outcome.",
      ends,
      samples: [
        ...measured(({ succeededRun }) => succeededRun, { outcome: "succeeded" }),
        ...measured(({ failedRun }) => failedRun, { outcome: "failed" }),
      ],
    },
  ];
}

type Counted = ProcessStatistics;

/** The first series stay as they are for the life of the process, so that none of them ever goes down. */
function inBoundedSeries(statistics: readonly ProcessStatistics[]): Counted[] {
  if (statistics.length <= mostSeries) return [...statistics];
  const [first, ...rest] = statistics.slice(mostSeries - 1);
  const shared = first === undefined ? [] : [rest.reduce(sumOf, { ...first, queue: other, type: other })];
  return [...statistics.slice(0, mostSeries - 1), ...shared];
}

function sumOf(one: Counted, two: Counted): Counted {
  return {
    queue: one.queue,
    type: one.type,
    enqueued: one.enqueued + two.enqueued,
    started: one.started + two.started,
    succeeded: one.succeeded + two.succeeded,
    failed: one.failed + two.failed,
    retried: one.retried + two.retried,
    archived: one.archived + two.archived,
    lost: one.lost + two.lost,
    lateness: histogramSum(one.lateness, two.lateness),
    succeededRun: histogramSum(one.succeededRun, two.succeededRun),
    failedRun: histogramSum(one.failedRun, two.failedRun),
  };
}

function histogramSum(one: DurationHistogram, two: DurationHistogram): DurationHistogram {
  return {
    count: one.count + two.count,
    sumMs: one.sumMs + two.sumMs,
    buckets: one.buckets.map((count, index) => count + (two.buckets[index] ?? 0)),
  };
}
