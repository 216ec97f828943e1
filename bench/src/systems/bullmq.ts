import { type JobsOptions, MetricsTime, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { z } from "zod";
import {
  type Flavour,
  manyAtOnce,
  payloadOf,
  type Ran,
  type Store,
  type System,
  type WorkerHandle,
} from "../system.ts";

const shape = z.object({ n: z.number(), d: z.number(), x: z.string() });
/** Removed when done, as ours are; three attempts with back-off, since ours may be retried too. */
const options: JobsOptions = { removeOnComplete: true, attempts: 3, backoff: { type: "exponential", delay: 1_000 } };

export class BullMq implements System {
  readonly name = "BullMQ";
  readonly #connection: Redis;
  readonly #queue: Queue;

  constructor(store: Store) {
    this.#connection = new Redis({ host: "127.0.0.1", port: store.redisPort, maxRetriesPerRequest: null });
    this.#queue = new Queue("bench", { connection: this.#connection });
  }

  async enqueueMany(from: number, to: number, flavour: Flavour): Promise<void> {
    for (let start = from; start < to; start += manyAtOnce) {
      const jobs = [];
      for (let number = start; number < Math.min(to, start + manyAtOnce); number++) {
        const payload = payloadOf(number, undefined);
        jobs.push({ name: "bench", data: flavour === "typed" ? shape.parse(payload) : payload, opts: options });
      }
      await this.#queue.addBulk(jobs);
    }
  }

  async enqueueOne(number: number, delayMs?: number): Promise<void> {
    const dueAt = delayMs === undefined ? undefined : Date.now() + delayMs;
    await this.#queue.add("bench", payloadOf(number, dueAt), {
      ...options,
      ...(delayMs === undefined ? {} : { delay: delayMs }),
    });
  }

  async work(concurrency: number, ran: Ran, flavour: Flavour): Promise<WorkerHandle> {
    const worker = new Worker(
      "bench",
      async (job) => {
        const { n, d } = flavour === "typed" ? shape.parse(job.data) : job.data;
        ran({ number: n, dueAt: d === 0 ? undefined : d });
      },
      {
        connection: this.#connection,
        concurrency,
        ...(flavour === "typed" ? { metrics: { maxDataPoints: MetricsTime.ONE_WEEK } } : {}),
      },
    );
    worker.on("error", (error) => process.stderr.write(`bullmq: ${error.message}\n`));
    await worker.waitUntilReady();
    return { close: () => worker.close() };
  }

  async left(): Promise<number> {
    return Object.values(await this.#queue.getJobCounts()).reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#connection.disconnect();
  }
}
