import type { Finding, QueueSummary, ServerInfo, TaskState } from "hikyaku";
import type { Labels, MetricFamily, Sample } from "./metric-family.ts";

/** What was read of a store for its metrics. */
export interface StoreReading {
  readonly queues: readonly {
    readonly summary: QueueSummary;
    /** Undefined where the store does not tell. */
    readonly memoryBytes: number | undefined;
  }[];
  /** How many more queues there are. */
  readonly queuesLeftOut: number;
  readonly servers: readonly ServerInfo[];
  /** The types that were counted today. */
  readonly types: readonly { readonly queue: string; readonly type: string }[];
  /** Undefined where they could not be read. */
  readonly findings: readonly Finding[] | undefined;
}

/** Asynq's exporter leaves out groups. */
const asynqStates = ["active", "pending", "scheduled", "retry", "archived", "completed"] as const;
const states: readonly TaskState[] = [...asynqStates, "aggregating"];
/** The most pairs of a queue and a type with a series of their own. */
const mostTypes = 256;

/** The metrics of a store: those of Asynq's exporter as they are there, and ours. */
export function storeFamilies(reading: StoreReading): MetricFamily[] {
  return [
    ...asynqFamilies(reading),
    ...queueFamilies(reading),
    ...serverFamilies(reading),
    ...findingFamilies(reading),
  ];
}

/** Names, types and help are those of Asynq's exporter, byte for byte: its dashboards ask for them. */
function asynqFamilies({ queues }: StoreReading): MetricFamily[] {
  const each = (read: (summary: QueueSummary) => number): Sample[] => eachQueue(queues, read);
  return [
    {
      name: "asynq_tasks_enqueued_total",
      type: "gauge",
      help: "Number of tasks enqueued; broken down by queue and state.",
      samples: queues.flatMap(({ summary: { queue, counts } }) =>
        asynqStates.map((state) => ({ labels: { queue, state }, value: counts[state] })),
      ),
    },
    {
      name: "asynq_queue_size",
      type: "gauge",
      help: "Number of tasks in a queue",
      samples: each(({ size }) => size),
    },
    {
      name: "asynq_queue_latency_seconds",
      type: "gauge",
      help: "Number of seconds the oldest pending task is waiting in pending state to be processed.",
      samples: each(({ latencyMs }) => latencyMs / 1_000),
    },
    {
      name: "asynq_queue_memory_usage_approx_bytes",
      type: "gauge",
      help: "Number of memory used by a given queue (approximated number by sampling).",
      samples: queues.flatMap(({ summary: { queue }, memoryBytes }) =>
        memoryBytes === undefined ? [] : [{ labels: { queue }, value: memoryBytes }],
      ),
    },
    {
      name: "asynq_tasks_processed_total",
      type: "counter",
      help: "Number of tasks processed (both succeeded and failed); broken down by queue",
      samples: each(({ processedTotal }) => processedTotal),
    },
    {
      name: "asynq_tasks_failed_total",
      type: "counter",
      help: "Number of tasks failed; broken down by queue",
      samples: each(({ failedTotal }) => failedTotal),
    },
    {
      name: "asynq_queue_paused_total",
      type: "gauge",
      help: "Number of queues paused",
      samples: each(({ paused }) => (paused ? 1 : 0)),
    },
  ];
}

function eachQueue(queues: StoreReading["queues"], read: (summary: QueueSummary) => number): Sample[] {
  return queues.map(({ summary }) => ({ labels: { queue: summary.queue }, value: read(summary) }));
}

function queueFamilies({ queues, queuesLeftOut }: StoreReading): MetricFamily[] {
  const each = (read: (summary: QueueSummary) => number): Sample[] => eachQueue(queues, read);
  return [
    {
      name: "hikyaku_queue_tasks",
      type: "gauge",
      help: "Tasks of a queue by state, groups included.",
      samples: queues.flatMap(({ summary: { queue, counts } }) =>
        states.map((state) => ({ labels: { queue, state }, value: counts[state] })),
      ),
    },
    {
      name: "hikyaku_queue_due_tasks",
      type: "gauge",
      help: "Scheduled and retry tasks that are due and that no server has brought to their line; counted up to 10000.",
      samples: each(({ due }) => due),
    },
    {
      name: "hikyaku_queue_overdue_seconds",
      type: "gauge",
      help: "How long the first of these tasks has been due.",
      samples: each(({ overdueMs }) => overdueMs / 1_000),
    },
    {
      name: "hikyaku_metrics_queues_left_out",
      type: "gauge",
      help: "Queues that have no metrics because there are too many.",
      samples: [{ labels: {}, value: queuesLeftOut }],
    },
  ];
}

function serverFamilies({ queues, servers, types }: StoreReading): MetricFamily[] {
  const live = servers.filter(({ silentSince }) => silentSince === undefined);
  const taking = live.filter(({ status }) => status === "active");
  const of = (status: ServerInfo["status"]): number => live.filter((server) => server.status === status).length;
  const counts = {
    active: of("active"),
    quiet: of("stopped"),
    stopping: of("closed"),
    silent: servers.length - live.length,
  };
  return [
    {
      name: "hikyaku_servers",
      type: "gauge",
      help: "Servers that work on the store, by what they do; silent ones stopped announcing themselves in the last ten minutes.",
      samples: Object.entries(counts).map(([state, value]) => ({ labels: { state }, value })),
    },
    {
      name: "hikyaku_queue_servers",
      type: "gauge",
      help: "Servers that take tasks from a queue; 0: nobody works on it.",
      samples: queues.map(({ summary: { queue } }) => ({
        labels: { queue },
        value: taking.filter((server) => queue in server.queues).length,
      })),
    },
    {
      name: "hikyaku_handlers",
      type: "gauge",
      help: "Servers that take tasks from a queue and handle this type, of the types that were counted today; 0: nobody does.",
      samples: types.slice(0, mostTypes).map(({ queue, type }) => ({
        labels: { queue, type },
        value: taking.filter((server) => queue in server.queues && handles(server, type)).length,
      })),
    },
  ];
}

/** A server of another library does not say what it handles: it may handle this. */
function handles({ details }: ServerInfo, type: string): boolean {
  const handled = details?.handles;
  if (handled === undefined || handled.kind === "all") return true;
  return handled.exact.includes(type) || handled.prefixes.some((prefix) => type.startsWith(prefix));
}

function findingFamilies({ findings }: StoreReading): MetricFamily[] {
  if (findings === undefined) return [];
  const counts = new Map<string, { readonly labels: Labels; value: number }>();
  for (const { kind, level, queue = "" } of findings) {
    const key = JSON.stringify([kind, level, queue]);
    const count = counts.get(key) ?? { labels: { kind, level, queue }, value: 0 };
    counts.set(key, count);
    count.value += 1;
  }
  return [
    {
      name: "hikyaku_findings",
      type: "gauge",
      help: "What is not as it should be, by kind; the queue is empty where it concerns the whole store.",
      samples: [...counts.values()],
    },
  ];
}
