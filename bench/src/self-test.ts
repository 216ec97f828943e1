import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { isFault } from "./figure.ts";
import { tinySizes } from "./sizes.ts";
import type { Flavour, Ran, Store, System, WorkerHandle } from "./system.ts";
import { workloads } from "./workloads.ts";

/** What a system may do to a task that the harness must not fail to see. */
const faults = ["none", "loses", "doubles", "leaves"] as const;
type Fault = (typeof faults)[number];

/** The task that it happens to, counted as they are enqueued. */
const victim = 10;
const stallMs = 2_000;

/** Those whose workers are real ones of ours, or processes of their own, or that run no tasks. */
const withoutFakes = new Set(["limit", "process, concurrency 100, 2 processes", "idle cost"]);

/**
 * Whether the harness sees a queue that loses a task, runs one twice or keeps one that it ran, in every workload, and
 * passes one that does none of it. Gives what went wrong; nothing, when all is well.
 */
export async function selfTest(): Promise<string[]> {
  if (redisServerPath() === undefined) return ["expected redis-server on PATH"];
  const redis = await startRedisServer();
  const store: Store = { redisPort: redis.port, folder: "", stallMs };
  try {
    const cases = Object.keys(workloads)
      .filter((name) => !withoutFakes.has(name))
      .flatMap((name) => faults.map((fault) => ({ name, fault })));
    const answers = await Promise.all(cases.map(({ name, fault }) => problemOf(name, fault, store)));
    return answers.filter((answer) => answer !== undefined);
  } finally {
    await redis.stop();
  }
}

async function problemOf(name: string, fault: Fault, store: Store): Promise<string | undefined> {
  const another = async (): Promise<System> => new FakeQueue(fault);
  const figures = await workloads[name]?.(await another(), { ...store, second: store }, tinySizes, another);
  const found = (figures ?? []).filter((figure) => isFault(figure) && figure.value > 0).map((figure) => figure.name);
  if (fault === "none") return found.length === 0 ? undefined : `${name}: a sound queue is said to have ${found}`;
  const expected = { loses: "lost", doubles: "ran twice", leaves: "left behind" }[fault];
  return found.includes(expected) ? undefined : `${name}: a queue that ${fault} a task is not found out, got ${found}`;
}

interface FakeTask {
  readonly number: number;
  readonly dueAt: number | undefined;
}

/** A queue in memory that treats one of its tasks as its fault says. */
class FakeQueue implements System {
  readonly name = "fake";
  readonly #fault: Fault;
  readonly #waiting: FakeTask[] = [];
  #enqueued = 0;
  #kept = 0;
  #scheduled = 0;
  #victim: FakeTask | undefined;
  #onTask: (() => void) | undefined;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  async enqueueMany(from: number, to: number, _flavour: Flavour, delayMs?: number): Promise<void> {
    for (let number = from; number < to; number++) {
      if (delayMs === undefined) this.#accept({ number, dueAt: undefined });
      else this.#scheduled++;
    }
  }

  async enqueueOne(number: number, delayMs?: number): Promise<void> {
    const dueAt = delayMs === undefined ? undefined : Date.now() + delayMs;
    if (dueAt === undefined) return this.#accept({ number, dueAt });
    // A timer may fire up to a millisecond before its time.
    setTimeout(() => this.#accept({ number, dueAt }), dueAt - Date.now() + 1);
  }

  async work(concurrency: number, ran: Ran): Promise<WorkerHandle> {
    let closed = false;
    const turn = (): void => {
      if (closed) return;
      for (const task of this.#waiting.splice(0, concurrency)) {
        ran(task);
        if (task === this.#victim && this.#fault === "doubles") ran(task);
        if (task === this.#victim && this.#fault === "leaves") this.#kept++;
      }
      if (this.#waiting.length > 0) setImmediate(turn);
    };
    this.#onTask = () => setImmediate(turn);
    this.#onTask();
    return {
      close: async () => {
        closed = true;
      },
    };
  }

  async left(): Promise<number> {
    return this.#waiting.length + this.#scheduled + this.#kept;
  }

  async close(): Promise<void> {}

  #accept(task: FakeTask): void {
    this.#enqueued++;
    if (this.#enqueued === victim) {
      this.#victim = task;
      if (this.#fault === "loses") return;
    }
    this.#waiting.push(task);
    this.#onTask?.();
  }
}
