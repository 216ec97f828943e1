import { once } from "node:events";
import { connect } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createClient } from "redis";
import type { Store, System } from "./system.ts";

/** One number of one run; `unit` says what it counts and whether more is better. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "per second" | "ms" | "bytes per task" | "commands per second" | "tasks";
}

export interface Sizes {
  readonly enqueue: number;
  readonly oneByOne: number;
  readonly process: number;
  readonly pickUps: number;
  readonly delayed: number;
  readonly delayedOverMs: number;
  readonly memory: number;
  readonly idleMs: number;
  readonly backlog: number;
}

export type Workload = (system: System, store: Store, sizes: Sizes) => Promise<Figure[]>;

/** Every system runs each of these in a process of its own, on an emptied store. */
export const workloads: Readonly<Record<string, Workload>> = {
  async "bulk enqueue"(system, _store, sizes) {
    await system.enqueueMany(0, 1_000, "plain");
    // Four callers, as a busy producer has: each waits for its answer before it asks again.
    const share = sizes.enqueue / 4;
    const seconds = await timed(() =>
      Promise.all(
        [0, 1, 2, 3].map((caller) => system.enqueueMany(1_000 + caller * share, 1_000 + (caller + 1) * share, "plain")),
      ),
    );
    return [{ name: "bulk enqueue", value: sizes.enqueue / seconds, unit: "per second" }];
  },

  async "enqueue, 256 in flight"(system, _store, sizes) {
    return [await enqueueOneByOne(system, sizes.oneByOne, 256, "enqueue, 256 in flight")];
  },

  async "enqueue, 1 in flight"(system, _store, sizes) {
    return [await enqueueOneByOne(system, Math.ceil(sizes.oneByOne / 8), 1, "enqueue, 1 in flight")];
  },

  async "process, concurrency 10"(system, _store, sizes) {
    return processAll(system, sizes.process, 10, "process, concurrency 10");
  },

  async "process, concurrency 100"(system, _store, sizes) {
    return processAll(system, sizes.process, 100, "process, concurrency 100");
  },

  async "process, concurrency 100, 1 ms away"(system, _store, sizes) {
    return processAll(system, Math.ceil(sizes.process / 2), 100, "process, concurrency 100, 1 ms away");
  },

  async "whole round"(system, _store, sizes) {
    const seen = new Tally(sizes.process);
    const worker = await system.work(100, ({ number }) => seen.add(number), "typed");
    const seconds = await timed(async () => {
      await system.enqueueMany(0, sizes.process, "typed");
      await seen.all;
    });
    await worker.close();
    return [{ name: "whole round", value: sizes.process / seconds, unit: "per second" }, ...seen.figures()];
  },

  async "idle pick-up"(system, _store, sizes) {
    let picked: () => void = () => undefined;
    const worker = await system.work(10, () => picked(), "plain");
    const took: number[] = [];
    for (let number = 0; number < sizes.pickUps + 20; number++) {
      // Uneven pauses, so that no poll of anybody falls into step with the samples.
      await pause(5 + ((number * 7_919) % 23));
      const { promise, resolve } = Promise.withResolvers<void>();
      picked = resolve;
      const start = performance.now();
      await Promise.all([system.enqueueOne(number), promise]);
      if (number >= 20) took.push(performance.now() - start);
    }
    await worker.close();
    return [
      { name: "idle pick-up, p50", value: percentile(took, 50), unit: "ms" },
      { name: "idle pick-up, p99", value: percentile(took, 99), unit: "ms" },
    ];
  },

  async delayed(system, _store, sizes) {
    const seen = new Tally(sizes.delayed);
    const late: number[] = [];
    let early = 0;
    const worker = await system.work(
      100,
      ({ number, dueAt }) => {
        const by = Date.now() - (dueAt ?? 0);
        if (by < 0) early++;
        late.push(by);
        seen.add(number);
      },
      "plain",
    );
    const enqueued: Promise<void>[] = [];
    for (let number = 0; number < sizes.delayed; number++) {
      enqueued.push(system.enqueueOne(number, 1_500 + (number * sizes.delayedOverMs) / sizes.delayed));
      if (number % 500 === 499) await Promise.all(enqueued.splice(0));
    }
    await Promise.all(enqueued);
    await seen.all;
    await worker.close();
    return [
      { name: "lateness, p50", value: percentile(late, 50), unit: "ms" },
      { name: "lateness, p99", value: percentile(late, 99), unit: "ms" },
      { name: "ran early", value: early, unit: "tasks" },
      ...seen.figures(),
    ];
  },

  async "idle cost"(system, store, sizes) {
    const worker = await system.work(10, () => undefined, "plain");
    await pause(2_000);
    const commands = await commandsDuring(store, sizes.idleMs);
    await worker.close();
    return [{ name: "idle cost", value: commands / (sizes.idleMs / 1_000), unit: "commands per second" }];
  },

  async memory(system, store, sizes) {
    const figures: Figure[] = [];
    for (const listpack of ["64", "2048"]) {
      await redis(store, async (client) => {
        await client.sendCommand(["FLUSHALL"]);
        await client.sendCommand(["CONFIG", "SET", "hash-max-listpack-value", listpack]);
      });
      const before = await usedMemory(store);
      await system.enqueueMany(0, sizes.memory, "plain");
      const bytes = ((await usedMemory(store)) - before) / sizes.memory;
      const name = listpack === "64" ? "memory, server defaults" : "memory, hash-max-listpack-value 2048";
      figures.push({ name, value: bytes, unit: "bytes per task" });
    }
    await redis(store, (client) => client.sendCommand(["CONFIG", "SET", "hash-max-listpack-value", "64"]));
    return figures;
  },

  async growth(system, _store, sizes) {
    const rate = async (from: number, name: string): Promise<Figure[]> => {
      const seconds = await timed(() => system.enqueueMany(from, from + sizes.process, "plain"));
      return [{ name: `enqueue, ${name}`, value: sizes.process / seconds, unit: "per second" }];
    };
    const empty = await rate(0, "empty queue");
    const processedEmpty = await processSome(system, sizes.process, "process, empty queue");
    await system.enqueueMany(1_000_000, 1_000_000 + sizes.backlog, "plain");
    const full = await rate(10_000_000, `${sizes.backlog} waiting`);
    const processedFull = await processSome(system, sizes.process, `process, ${sizes.backlog} waiting`);
    return [...empty, ...full, processedEmpty, processedFull];
  },

  async "event loop"(system, _store, sizes) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const [figure] = await processAll(system, sizes.process, 100, "process", true);
    delay.disable();
    return [
      ...(figure === undefined ? [] : [{ ...figure, name: "process while the event loop is watched" }]),
      { name: "event loop delay, p99", value: delay.percentile(99) / 1e6, unit: "ms" },
    ];
  },
};

async function enqueueOneByOne(system: System, count: number, inFlight: number, name: string): Promise<Figure> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await system.enqueueOne(next++);
  };
  for (let warm = 0; warm < 200; warm++) await system.enqueueOne(count + warm);
  const seconds = await timed(() => Promise.all(Array.from({ length: inFlight }, lane)));
  return { name, value: count / seconds, unit: "per second" };
}

async function processAll(
  system: System,
  count: number,
  concurrency: number,
  name: string,
  alsoEnqueue = false,
): Promise<Figure[]> {
  const warmUp = alsoEnqueue ? 0 : Math.ceil(count / 20);
  await system.enqueueMany(0, warmUp + count, "plain");
  const seen = new Tally(warmUp + count);
  let start = 0;
  const worker = await system.work(
    concurrency,
    ({ number }) => {
      seen.add(number);
      if (seen.count >= warmUp && start === 0) start = performance.now();
    },
    "plain",
  );
  await seen.all;
  const seconds = (performance.now() - start) / 1_000;
  await worker.close();
  return [{ name, value: count / seconds, unit: "per second" }, ...seen.figures()];
}

async function processSome(system: System, count: number, name: string): Promise<Figure> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let ran = 0;
  let start = 0;
  const worker = await system.work(
    100,
    () => {
      if (ran === 0) start = performance.now();
      ran++;
      if (ran === count) resolve();
    },
    "plain",
  );
  await promise;
  const seconds = (performance.now() - start) / 1_000;
  await worker.close();
  return { name, value: count / seconds, unit: "per second" };
}

/** Whether each task of a run was processed, once. A peer or we that lose or double one fail the benchmark. */
class Tally {
  readonly all: Promise<void>;
  readonly #seen: Uint8Array;
  readonly #done: () => void;
  #different = 0;
  #twice = 0;
  count = 0;

  constructor(total: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.all = Promise.race([promise, this.#stalled()]);
    this.#done = resolve;
    this.#seen = new Uint8Array(total);
  }

  add(number: number): void {
    this.count++;
    if (this.#seen[number] === 1) this.#twice++;
    else {
      this.#seen[number] = 1;
      this.#different++;
    }
    if (this.#different === this.#seen.length) this.#done();
  }

  figures(): Figure[] {
    return [
      { name: "lost", value: this.#seen.length - this.#different, unit: "tasks" },
      { name: "ran twice", value: this.#twice, unit: "tasks" },
    ];
  }

  /** A run that does nothing for 30 s has lost tasks. */
  async #stalled(): Promise<void> {
    let before = -1;
    while (this.count !== before) {
      before = this.count;
      await new Promise((resolve) => setTimeout(resolve, 30_000).unref());
    }
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

async function redis<T>(
  store: Store,
  use: (client: { sendCommand(args: string[]): Promise<unknown> }) => Promise<T>,
): Promise<T> {
  const client = createClient({ socket: { host: "127.0.0.1", port: store.redisPort } });
  await client.connect();
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

async function info(store: Store, section: string, pattern: RegExp): Promise<number> {
  const text = String(await redis(store, (client) => client.sendCommand(["INFO", section])));
  let sum = 0;
  for (const [, value] of text.matchAll(pattern)) sum += Number(value);
  return sum;
}

/** How many commands clients send in a time. Redis' own counter includes what scripts do, so it is listened in on. */
async function commandsDuring(store: Store, ms: number): Promise<number> {
  const monitor = connect({ host: "127.0.0.1", port: store.redisPort });
  let heard = "";
  monitor.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
  });
  await once(monitor, "connect");
  monitor.write("MONITOR\r\n");
  await pause(ms);
  monitor.destroy();
  return heard.split("\n").filter((line) => /^\+\d/.test(line) && !/^\+[\d.]+ \[\d+ lua\]/.test(line)).length;
}

async function usedMemory(store: Store): Promise<number> {
  return info(store, "memory", /^used_memory:(\d+)/gm);
}
