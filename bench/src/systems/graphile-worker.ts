import { Logger, makeWorkerUtils, run, type WorkerUtils } from "graphile-worker";
import { Pool } from "pg";
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
type Payload = z.infer<typeof shape>;
const task = "bench";
const logger = new Logger(() => () => undefined);
/** As on the page "Performance" of its documentation. */
const fast = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const poolOfProducer = 25;

export async function graphileWorker({ postgresUrl }: Store): Promise<System> {
  if (postgresUrl === undefined) throw new Error("expected a PostgreSQL server, got none");
  const pool = new Pool({ connectionString: postgresUrl, max: poolOfProducer });
  // It asks for both handlers; an error of a query is thrown where the query is made.
  pool.on("error", (error) => process.stderr.write(`graphile-worker: ${error.message}\n`));
  pool.on("connect", (client) => client.on("error", () => undefined));
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.migrate();
  return new GraphileWorker(postgresUrl, pool, utils);
}

class GraphileWorker implements System {
  readonly name = "graphile-worker";
  readonly #url: string;
  readonly #pool: Pool;
  readonly #utils: WorkerUtils;

  constructor(url: string, pool: Pool, utils: WorkerUtils) {
    this.#url = url;
    this.#pool = pool;
    this.#utils = utils;
  }

  async enqueueMany(from: number, to: number, flavour: Flavour): Promise<void> {
    for (let start = from; start < to; start += manyAtOnce) {
      const jobs = [];
      for (let number = start; number < Math.min(to, start + manyAtOnce); number++) {
        const payload = payloadOf(number, undefined);
        jobs.push({ identifier: task, payload: flavour === "typed" ? shape.parse(payload) : payload });
      }
      await this.#utils.addJobs(jobs);
    }
  }

  async enqueueOne(number: number, delayMs?: number): Promise<void> {
    const dueAt = delayMs === undefined ? undefined : Date.now() + delayMs;
    const spec = dueAt === undefined ? {} : { runAt: new Date(dueAt) };
    await this.#utils.addJob(task, payloadOf(number, dueAt), spec);
  }

  async work(concurrency: number, ran: Ran, flavour: Flavour): Promise<WorkerHandle> {
    const runner = await run({
      preset: {
        worker: {
          ...fast,
          connectionString: this.#url,
          concurrentJobs: concurrency,
          // "10 or concurrentJobs + 2, whichever is larger", says its documentation.
          maxPoolSize: Math.max(10, concurrency + 2),
        },
      },
      logger,
      noHandleSignals: true,
      parsedCronItems: [],
      taskList: {
        [task]: async (payload) => {
          const { n, d } = flavour === "typed" ? shape.parse(payload) : (payload as Payload);
          ran({ number: n, dueAt: d === 0 ? undefined : d });
        },
      },
    });
    return { close: () => runner.stop() };
  }

  async left(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: string }>("select count(*) from graphile_worker.jobs");
    return Number(rows[0]?.count);
  }

  async close(): Promise<void> {
    await this.#utils.release();
    await this.#pool.end();
  }
}
