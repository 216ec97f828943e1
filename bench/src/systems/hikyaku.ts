import { join } from "node:path";
import { type Broker, Client, defineTask, Inspector, Server } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
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
const typed = defineTask({ type: "bench:typed", payload: shape });
const plain = defineTask({ type: "bench:plain" });

export function hikyakuOnRedis(store: Store): System {
  return new Hikyaku("hikyaku (redis)", redisBroker({ url: `redis://127.0.0.1:${store.redisPort}` }));
}

export function hikyakuOnSqlite(store: Store): System {
  return new Hikyaku("hikyaku (sqlite)", sqliteBroker({ path: join(store.folder, "bench.db") }));
}

class Hikyaku implements System {
  readonly name: string;
  readonly #broker: Broker;
  readonly #client: Client;

  constructor(name: string, broker: Broker) {
    this.name = name;
    this.#broker = broker;
    this.#client = new Client({ broker });
  }

  async enqueueMany(from: number, to: number, flavour: Flavour, delayMs?: number): Promise<void> {
    const task = flavour === "typed" ? typed : plain;
    for (let start = from; start < to; start += manyAtOnce) {
      const requests = [];
      for (let number = start; number < Math.min(to, start + manyAtOnce); number++) {
        const due = delayMs === undefined ? undefined : { at: new Date(Date.now() + delayMs + number) };
        requests.push(task.with(payloadOf(number, undefined), due));
      }
      for (const result of await this.#client.enqueueMany(requests)) if (!result.ok) throw result.error;
    }
  }

  async enqueueOne(number: number, delayMs?: number): Promise<void> {
    const dueAt = delayMs === undefined ? undefined : Date.now() + delayMs;
    const options = dueAt === undefined ? undefined : { at: new Date(dueAt) };
    await this.#client.enqueue(plain, payloadOf(number, dueAt), options);
  }

  async work(concurrency: number, ran: Ran): Promise<WorkerHandle> {
    const server = new Server({ broker: this.#broker, concurrency });
    const handle = async ({ payload }: { payload: unknown }): Promise<void> => {
      const { n, d } = payload as { n: number; d: number };
      ran({ number: n, dueAt: d === 0 ? undefined : d });
    };
    server.handle(plain, handle);
    server.handle(typed, handle);
    server.start();
    return server;
  }

  async left(): Promise<number> {
    const queues = await new Inspector({ broker: this.#broker }).queues();
    return queues.reduce((sum, { size }) => sum + size, 0);
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#broker.close();
  }
}
