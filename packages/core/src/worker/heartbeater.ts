import type { BusyWorker, PresenceFacet, ServerRecord } from "../broker/presence-facet.ts";
import type { HeldTask } from "./held-task.ts";
import type { Role } from "./periodic.ts";

const ttlMs = 10_000;
const callTimeoutMs = 3_000;
const longestPayload = 1_024;

/** Tells others that this server is there, and what it runs: for people to see, never the base of a decision. */
export class Heartbeater implements Role {
  readonly name = "announcing this server";
  readonly #broker: Pick<PresenceFacet, "announce" | "withdraw">;
  readonly #held: ReadonlySet<HeldTask>;
  readonly #describe: () => ServerRecord;

  constructor(
    broker: Pick<PresenceFacet, "announce" | "withdraw">,
    held: ReadonlySet<HeldTask>,
    describe: () => ServerRecord,
  ) {
    this.#broker = broker;
    this.#held = held;
    this.#describe = describe;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const server = this.#describe();
    const workers = [...this.#held].filter((task) => !task.returned).map((task) => describeWorker(task, server));
    const call = { timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) };
    await this.#broker.announce({ ...server, activeWorkers: workers.length }, workers, ttlMs, call);
  }

  /** Takes the announcement back. */
  async withdraw(timeoutMs: number): Promise<void> {
    await this.#broker.withdraw(this.#describe(), { timeoutMs });
  }
}

function describeWorker(task: HeldTask, { serverId, host, pid }: ServerRecord): BusyWorker {
  const { id, type, queue, payload } = task.claimed.message;
  return {
    ...{ serverId, host, pid, queue },
    taskId: id,
    taskType: type,
    payload: (payload ?? new Uint8Array()).subarray(0, longestPayload),
    startedAt: task.startedAt,
    deadlineAt: task.deadlineAt,
  };
}
