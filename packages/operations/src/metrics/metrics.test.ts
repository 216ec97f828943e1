import { type Broker, Client, defineTask, type ProcessStatistics, Server, silentLogger } from "hikyaku";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";
import { exposition } from "./exposition.ts";
import { ProcessMetrics, taskFamilies } from "./process-metrics.ts";
import { StoreMetrics } from "./store-metrics.ts";

const mail = defineTask({ type: "mail", maxRetry: 0 });

describeOnBothStores("the metrics of a store", (served) => {
  const text = async (metrics: StoreMetrics) => exposition(await metrics.families(), "prometheus");

  async function work(payloads: readonly string[]): Promise<void> {
    const client = new Client({ broker: served.broker });
    const server = new Server({ broker: served.broker, logger: silentLogger });
    let ran = 0;
    const all = Promise.withResolvers<void>();
    server.handle(mail, ({ payload }) => {
      if (++ran === payloads.length) all.resolve();
      if (payload === "fails") throw new Error("fails");
    });
    server.start();
    await client.enqueueMany(payloads.map((payload) => mail.with(payload)));
    await all.promise;
    await server.stop();
    await client.close();
  }

  it("are Asynq's seven byte for byte, and ours beside them", async () => {
    await work(["fine", "fine", "fails"]);
    await served.broker.pause("default");
    const found = await text(new StoreMetrics(served.broker));
    const expected = [
      "# HELP asynq_tasks_enqueued_total Number of tasks enqueued; broken down by queue and state.",
      "# TYPE asynq_tasks_enqueued_total gauge",
      'asynq_tasks_enqueued_total{queue="default",state="active"} 0',
      'asynq_tasks_enqueued_total{queue="default",state="pending"} 0',
      'asynq_tasks_enqueued_total{queue="default",state="scheduled"} 0',
      'asynq_tasks_enqueued_total{queue="default",state="retry"} 0',
      'asynq_tasks_enqueued_total{queue="default",state="archived"} 1',
      'asynq_tasks_enqueued_total{queue="default",state="completed"} 0',
      "# HELP asynq_queue_size Number of tasks in a queue",
      "# TYPE asynq_queue_size gauge",
      'asynq_queue_size{queue="default"} 1',
      "# HELP asynq_queue_latency_seconds Number of seconds the oldest pending task is waiting in pending state to be processed.",
      "# TYPE asynq_queue_latency_seconds gauge",
      'asynq_queue_latency_seconds{queue="default"} 0',
      "# HELP asynq_queue_memory_usage_approx_bytes Number of memory used by a given queue (approximated number by sampling).",
      "# TYPE asynq_queue_memory_usage_approx_bytes gauge",
      "# HELP asynq_tasks_processed_total Number of tasks processed (both succeeded and failed); broken down by queue",
      "# TYPE asynq_tasks_processed_total counter",
      'asynq_tasks_processed_total{queue="default"} 3',
      "# HELP asynq_tasks_failed_total Number of tasks failed; broken down by queue",
      "# TYPE asynq_tasks_failed_total counter",
      'asynq_tasks_failed_total{queue="default"} 1',
      "# HELP asynq_queue_paused_total Number of queues paused",
      "# TYPE asynq_queue_paused_total gauge",
      'asynq_queue_paused_total{queue="default"} 1',
      "hikyaku_store_up 1",
      'hikyaku_queue_tasks{queue="default",state="archived"} 1',
      // Nobody is left who handles what was counted today.
      'hikyaku_queue_servers{queue="default"} 0',
      'hikyaku_handlers{queue="default",type="mail"} 0',
      'hikyaku_servers{state="active"} 0',
      "hikyaku_metrics_queues_left_out 0",
    ];
    const lines = new Set(found.split("\n"));
    expect(expected.filter((line) => !lines.has(line))).toEqual([]);
    expect(found).toMatch(/^asynq_queue_memory_usage_approx_bytes\{queue="default"\} [1-9]\d*$/m);
    expect([...lines].filter((line) => line.startsWith("# TYPE asynq_"))).toHaveLength(7);
  });

  it("say who works on a queue and handles a type", async () => {
    await work(["fine"]);
    const server = new Server({ broker: served.broker, logger: silentLogger });
    onTestFinished(() => server.stop());
    server.handle(mail, () => undefined).start();
    await expect.poll(async () => (await served.broker.servers()).servers.length).toBe(1);
    const found = await text(new StoreMetrics(served.broker));
    expect(found).toContain('hikyaku_queue_servers{queue="default"} 1\n');
    expect(found).toContain('hikyaku_handlers{queue="default",type="mail"} 1\n');
    expect(found).toContain('hikyaku_servers{state="active"} 1\n');
  });

  it("are read once however many scrape", async () => {
    await work(["fine"]);
    let reads = 0;
    const counting = new Proxy(served.broker, {
      get(target, name) {
        if (name === "readStatistics") reads++;
        const found: unknown = Reflect.get(target, name);
        return typeof found === "function" ? found.bind(target) : found;
      },
    });
    const metrics = new StoreMetrics(counting);
    const all = await Promise.all(Array.from({ length: 20 }, () => text(metrics)));
    expect(new Set(all.map((one) => one.includes('asynq_queue_size{queue="default"}')))).toEqual(new Set([true]));
    await metrics.families();
    expect(reads).toBe(1);
  });

  it("say within a second that a store does not answer, and tell nothing old of it", async () => {
    const hanging = new Proxy(served.broker, {
      get(target, name) {
        if (name === "ready") return () => new Promise(() => undefined);
        const found: unknown = Reflect.get(target, name);
        return typeof found === "function" ? found.bind(target) : found;
      },
    }) as Broker;
    const askedAt = performance.now();
    const found = await text(new StoreMetrics(hanging));
    expect(performance.now() - askedAt).toBeLessThan(1_000);
    expect(found.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual(["hikyaku_store_up 0"]);
  });

  it("of the process count what it did", async () => {
    await work(["fine", "fails"]);
    const metrics = new ProcessMetrics(() => ({ running: 3, concurrency: 10, unanswered: 0 }) as never);
    onTestFinished(() => metrics.close());
    const found = exposition(metrics.families(), "prometheus");
    for (const line of [
      /^hikyaku_tasks_enqueued_total\{queue="default",type="mail"\} [1-9]/m,
      /^hikyaku_task_attempts_total\{outcome="failed",queue="default",type="mail"\} [1-9]/m,
      /^hikyaku_task_lateness_seconds_bucket\{le="\+Inf",queue="default",type="mail"\} [1-9]/m,
      /^hikyaku_task_run_seconds_count\{outcome="succeeded",queue="default",type="mail"\} [1-9]/m,
      /^hikyaku_worker_slots\{state="free"\} 7$/m,
      /^process_resident_memory_bytes [1-9]/m,
    ]) {
      expect(found).toMatch(line);
    }
  });
});

describe("the numbers of a process", () => {
  it("have 256 series, of which the last is shared and none ever goes down", () => {
    const buckets = Array.from({ length: 25 }, () => 0);
    const histogram = { count: 0, sumMs: 0, buckets };
    const counted = (index: number): ProcessStatistics => ({
      queue: "default",
      type: `type-${index}`,
      ...{ enqueued: 1, started: 1, succeeded: 1, failed: 0, retried: 0, archived: 0, lost: 0 },
      ...{
        lateness: { count: 1, sumMs: 2, buckets: [1, ...buckets.slice(1)] },
        succeededRun: histogram,
        failedRun: histogram,
      },
    });
    const families = taskFamilies(Array.from({ length: 300 }, (_, index) => counted(index)));
    const enqueued = families.find(({ name }) => name === "hikyaku_tasks_enqueued_total");
    expect(enqueued?.samples).toHaveLength(256);
    expect(enqueued?.samples.at(-1)).toEqual({ labels: { queue: "other", type: "other" }, value: 45 });
    const lateness = families.find(({ name }) => name === "hikyaku_task_lateness_seconds");
    expect(lateness?.samples.at(-1)).toMatchObject({ sum: 0.09, labels: { type: "other" } });
  });
});
