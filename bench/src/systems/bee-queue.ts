import BeeQueue from "bee-queue";
import { manyAtOnce, payloadOf, type Ran, type Store, type System, type WorkerHandle } from "../system.ts";

type Payload = ReturnType<typeof payloadOf>;

/** bee-queue. Its delayed jobs have a granularity of a second or so, so it takes no part in that workload. */
export class BeeQueueSystem implements System {
  readonly name = "bee-queue";
  readonly #settings: BeeQueue.QueueSettings;
  readonly #producer: BeeQueue<Payload>;

  constructor(store: Store) {
    this.#settings = { redis: { host: "127.0.0.1", port: store.redisPort }, removeOnSuccess: true };
    this.#producer = new BeeQueue("bench", { ...this.#settings, isWorker: false, getEvents: false });
  }

  async enqueueMany(from: number, to: number): Promise<void> {
    await this.#producer.ready();
    for (let start = from; start < to; start += manyAtOnce) {
      const jobs = [];
      for (let number = start; number < Math.min(to, start + manyAtOnce); number++) {
        jobs.push(this.#producer.createJob(payloadOf(number, undefined)));
      }
      const errors = await this.#producer.saveAll(jobs);
      for (const error of errors.values()) throw error;
    }
  }

  async enqueueOne(number: number, delayMs?: number): Promise<void> {
    const dueAt = delayMs === undefined ? undefined : Date.now() + delayMs;
    const job = this.#producer.createJob(payloadOf(number, dueAt));
    await (dueAt === undefined ? job : job.delayUntil(dueAt)).save();
  }

  async work(concurrency: number, ran: Ran): Promise<WorkerHandle> {
    const consumer = new BeeQueue<Payload>("bench", {
      ...this.#settings,
      getEvents: false,
      sendEvents: false,
      storeJobs: false,
      activateDelayedJobs: true,
    });
    await consumer.ready();
    consumer.process(concurrency, async (job: BeeQueue.Job<Payload>) => {
      const { n, d } = job.data;
      ran({ number: n, dueAt: d === 0 ? undefined : d });
    });
    return { close: async () => void (await consumer.close(5_000)) };
  }

  async left(): Promise<number> {
    const { waiting, active, delayed, failed } = await this.#producer.checkHealth();
    return waiting + active + delayed + failed;
  }

  async close(): Promise<void> {
    await this.#producer.close(5_000);
  }
}
