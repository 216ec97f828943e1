import { type Broker, Client, defineTask, type EnqueueRequest, Server, silentLogger } from "hikyaku";

const tickMs = 50;
/** With more work than this waiting, no more is put in: then the machine can't keep up, and memory would show just that. */
const mostBehindSeconds = 5;

const plain = defineTask({ type: "soak:plain" });
const flaky = defineTask({ type: "soak:flaky", maxRetry: 3, retryDelay: ["1s"] });
const hopeless = defineTask({ type: "soak:hopeless", maxRetry: 0 });
const answered = defineTask({ type: "soak:answered", retention: "5s" });
const collected = defineTask({ type: "soak:collected" });
const collection = defineTask({ type: "soak:collection" });

export interface LoadNumbers {
  readonly accepted: number;
  readonly duplicates: number;
  /** Ticks that put nothing in, because too much was waiting. */
  readonly skippedTicks: number;
  readonly errors: number;
}

/** A steady mix of tasks, made and run in this process, until it is stopped. */
export class SoakLoad {
  readonly #client: Client;
  readonly #server: Server;
  readonly #broker: Broker;
  readonly #tasksPerSecond: number;
  readonly #mostWaiting: number;
  readonly #counts = { accepted: 0, duplicates: 0, skippedTicks: 0, errors: 0 };
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = performance.now();
  #made = 0;
  #owed = 0;
  #waiting = 0;

  constructor(broker: Broker, tasksPerSecond: number) {
    this.#broker = broker;
    this.#tasksPerSecond = tasksPerSecond;
    this.#mostWaiting = tasksPerSecond * mostBehindSeconds;
    this.#client = new Client({ broker });
    // A small archive is full before the warm-up is over; then it takes one for every one that it drops.
    this.#server = new Server({ broker, concurrency: 20, archiveMaxCount: 100, logger: silentLogger });
    this.#server.handle(plain, () => undefined);
    this.#server.handle(flaky, ({ attempt }) => {
      if (attempt === 1) throw new Error("the first attempt fails");
    });
    this.#server.handle(hopeless, () => {
      throw new Error("it always fails");
    });
    this.#server.handle(answered, ({ payload }) => ({ echo: payload }));
    this.#server.handle(collection, () => undefined);
    const options = { maxSize: 20, gracePeriod: "1s", maxDelay: "3s" } as const;
    this.#server.aggregate(collected, ({ tasks }) => collection.with({ size: tasks.length }), options);
  }

  get numbers(): LoadNumbers {
    return { ...this.#counts };
  }

  get waiting(): number {
    return this.#waiting;
  }

  start(): void {
    this.#server.start();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Looks at how much is waiting; to be called every few seconds. */
  async look(): Promise<void> {
    const counts = (await this.#broker.queue("default"))?.counts;
    this.#waiting = counts === undefined ? 0 : counts.pending + counts.active;
  }

  /** Puts nothing in any more and waits, for a minute at most, until all that was is done. Answers what is left. */
  async drain(): Promise<number> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    const deadline = performance.now() + 60_000;
    for (;;) {
      const counts = (await this.#broker.queue("default"))?.counts;
      const { pending = 0, active = 0, scheduled = 0, retry = 0, aggregating = 0 } = counts ?? {};
      const left = pending + active + scheduled + retry + aggregating;
      if (left === 0 || performance.now() > deadline) return left;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#server.stop();
    await this.#client.close();
  }

  #tick(): void {
    const now = performance.now();
    const elapsedMs = Math.min(1_000, now - this.#tickedAt);
    this.#tickedAt = now;
    if (this.#waiting > this.#mostWaiting) {
      this.#counts.skippedTicks += 1;
      return;
    }
    this.#owed += (this.#tasksPerSecond * elapsedMs) / 1_000;
    const requests: EnqueueRequest[] = [];
    for (; this.#owed >= 1; this.#owed--) requests.push(this.#next());
    if (requests.length === 0) return;
    const enqueueing = this.#enqueue(requests).finally(() => this.#underWay.delete(enqueueing));
    this.#underWay.add(enqueueing);
  }

  async #enqueue(requests: readonly EnqueueRequest[]): Promise<void> {
    try {
      for (const result of await this.#client.enqueueMany(requests)) {
        if (result.ok) this.#counts.accepted += 1;
        else if (result.error.code === "task_exists") this.#counts.duplicates += 1;
        else this.#counts.errors += 1;
      }
    } catch {
      this.#counts.errors += requests.length;
    }
  }

  /** Of a hundred tasks: 40 now, 20 in one to five seconds, 11 fail first, 10 unique, 10 with a result, 8 grouped, 1 fails. */
  #next(): EnqueueRequest {
    const number = this.#made++;
    const kind = number % 100;
    const payload = { number, text: "x".repeat(100) };
    if (kind < 40) return plain.with(payload);
    if (kind < 60) return plain.with(payload, { in: { ms: 1_000 + (number % 41) * 100 } });
    if (kind < 71) return flaky.with(payload);
    if (kind < 81) return plain.with({ of: Math.floor(number / 2) % 1_000 }, { uniqueFor: "2s" });
    if (kind < 91) return answered.with(payload);
    if (kind < 99) return collected.with(payload, { group: `group-${number % 5}` });
    return hopeless.with(payload);
  }
}
