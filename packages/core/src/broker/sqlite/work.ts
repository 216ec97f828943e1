import { HikyakuError } from "../../errors.ts";
import { type CallOptions, checkCallOptions } from "../call-options.ts";
import { claimedAtOf, serverOfToken } from "../lease-token.ts";
import type {
  ClaimRequest,
  ClaimResult,
  Lease,
  RecoverRequest,
  SettleAnswer,
  Settlement,
  SettleResult,
  TakeBackRequest,
  TakenOver,
  TakeOverRequest,
  WorkFacet,
} from "../work-facet.ts";
import { claimTasks, leaseTasks, nextToken } from "./claim.ts";
import { isEvicted } from "./control.ts";
import type { Values } from "./database.ts";
import { moveLease } from "./lease.ts";
import { settleTasks } from "./settle.ts";
import type { Store } from "./store.ts";
import { within } from "./task-row.ts";
import type { Transaction } from "./transaction.ts";

/** Small enough that a long list leaves the event loop free between its writes. */
const settlementsPerWrite = 500;

export class SqliteWork implements WorkFacet {
  readonly #store: Store;
  /** Queues that gave this broker one task at a time. */
  readonly #inOrder = new Set<string>();

  constructor(store: Store) {
    this.#store = store;
  }

  claim(request: ClaimRequest, call?: CallOptions): Promise<ClaimResult> {
    return this.#store.write(call, request.limit, (transaction) => claimTasks(transaction, request, this.#inOrder));
  }

  async settle(
    settlements: readonly Settlement[],
    thenClaim?: ClaimRequest,
    call?: CallOptions,
  ): Promise<SettleAnswer> {
    const results: SettleResult[] = [];
    for (let start = 0; ; start += settlementsPerWrite) {
      const slice = settlements.slice(start, start + settlementsPerWrite);
      const isLast = start + settlementsPerWrite >= settlements.length;
      const claim = isLast ? thenClaim : undefined;
      const answer = await this.#store.write(call, slice.length + (claim?.limit ?? 0), (transaction) => {
        // The next task of such a queue may be taken now, by another server of this process too.
        const frees = this.#inOrder.size > 0 && slice.some(({ task }) => this.#inOrder.has(task.lease.queue));
        if (frees) transaction.changesWork();
        return {
          settled: settleTasks(transaction, slice),
          claimed: claim === undefined ? undefined : claimTasks(transaction, claim, this.#inOrder),
        };
      });
      results.push(...answer.settled);
      if (isLast) return { results, claimed: answer.claimed };
    }
  }

  extend(leases: readonly Lease[], until: number, call?: CallOptions): Promise<readonly ("held" | "lost")[]> {
    return this.#store.write(call, leases.length, (transaction) =>
      leases.map((lease) => moveLease(transaction, lease, until)),
    );
  }

  takeOver(request: TakeOverRequest, call?: CallOptions): Promise<TakenOver> {
    return this.#store.write(call, request.limit, (transaction) => {
      const { queue, limit, holding = [] } = request;
      const expired = transaction.db.rows(selectExpired, queue, transaction.now, JSON.stringify(holding), limit);
      return leaseHeld(transaction, request, expired, true);
    });
  }

  takeBack(request: TakeBackRequest, call?: CallOptions): Promise<TakenOver> {
    return this.#store.write(call, request.limit, (transaction) => {
      const { queue, limit, from } = request;
      const held =
        from.kind === "server"
          ? transaction.db.rows(selectHeldByServer, queue, `${from.serverId}/`, limit)
          : transaction.db.rows(selectHeldUnder, queue, JSON.stringify(from.tokens), limit);
      return leaseHeld(transaction, request, held, from.kind === "server");
    });
  }

  async waitForWork(queues: readonly string[], call: CallOptions): Promise<void> {
    checkCallOptions(call);
    const hasWork = () =>
      this.#store.read(call.signal === undefined ? undefined : { signal: call.signal }, (db) =>
        queues.some((queue) => db.get(selectWaiting, queue) !== undefined),
      );
    const sleep = new WaitForChange(this.#store, call);
    try {
      while (!(await hasWork())) {
        if ((await sleep.untilWoken()) === "time_over") return;
      }
    } finally {
      sleep.end();
    }
  }

  beginAlone(lease: Lease, call?: CallOptions): Promise<"held" | "lost"> {
    return this.#store.write(call, 1, ({ db }) =>
      db.run(beginAlone, lease.queue, lease.taskId, lease.token) === 1 ? "held" : "lost",
    );
  }

  writeResult(lease: Lease, result: Uint8Array, call?: CallOptions): Promise<"written" | "lost"> {
    return this.#store.write(call, 1, ({ db }) =>
      db.run(writeResult, result, lease.queue, lease.taskId, lease.token) === 1 ? "written" : "lost",
    );
  }
}

/** Leases tasks that somebody else holds or held. A row is a task's number, id and token. */
function leaseHeld(
  transaction: Transaction,
  request: RecoverRequest,
  rows: readonly Values[],
  countsAsLost: boolean,
): TakenOver {
  if (rows.length === 0 || isEvicted(transaction, request.serverId, request.queue)) return { tasks: [], setAside: [] };
  const previous = new Map(rows.map(([, id, token]) => [id, token]));
  const numbers = rows.map(([number]) => number as number);
  const token = request.token ?? nextToken(transaction, request.serverId);
  const leaseEndsAt = transaction.now + request.leaseMs;
  const listed = JSON.stringify(numbers);
  if (countsAsLost) transaction.db.run(countLost, listed);
  const lostAlone = new Map(transaction.db.rows(selectLostAlone, listed).map(([id, number]) => [id, number as number]));
  const leased = leaseTasks(transaction, { queue: request.queue, numbers, token, leaseEndsAt });
  const tasks = leased.tasks.map((task) => {
    const { id } = task.message;
    const before = previous.get(id);
    return {
      task,
      previousServerId: serverOfToken(before),
      claimedAt: claimedAtOf(before),
      lostAlone: lostAlone.get(id) ?? 0,
    };
  });
  return { tasks, setAside: leased.setAside };
}

/** Sleeps from one change of the file to the next, until the caller's time is over or its signal fires. */
class WaitForChange {
  readonly #stop: (() => void)[] = [];
  #woken = false;
  #end: "time_over" | HikyakuError | undefined;
  #wake: () => void = () => {};

  constructor({ changes, clock }: Store, { signal, timeoutMs }: CallOptions) {
    const finish = (end: "time_over" | HikyakuError) => {
      this.#end ??= end;
      this.#wake();
    };
    // No change is missed from here on, so the queues are looked at only now.
    this.#stop.push(
      changes.subscribe(() => {
        this.#woken = true;
        this.#wake();
      }),
    );
    if (timeoutMs !== undefined) {
      const timer = clock.setTimer(() => finish("time_over"), timeoutMs);
      this.#stop.push(() => timer.cancel());
    }
    if (signal !== undefined) {
      const abort = () => finish(new HikyakuError("cancelled", "waiting for work was given up by the caller"));
      signal.addEventListener("abort", abort, { once: true });
      this.#stop.push(() => signal.removeEventListener("abort", abort));
    }
  }

  async untilWoken(): Promise<"changed" | "time_over"> {
    if (!this.#woken && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#woken = false;
    if (this.#end instanceof HikyakuError) throw this.#end;
    return this.#end ?? "changed";
  }

  end(): void {
    for (const stop of this.#stop) stop();
  }
}

const selectExpired = `
  SELECT number, id, lease_token FROM tasks WHERE queue = ? AND lease_ends_at <= ?
    AND ifnull(lease_token, '') NOT IN (SELECT value FROM json_each(?)) ORDER BY lease_ends_at, number LIMIT ?`;
const selectHeldByServer = `
  SELECT number, id, lease_token FROM tasks INDEXED BY tasks_leased
  WHERE queue = ?1 AND lease_ends_at IS NOT NULL AND substr(lease_token, 1, length(?2)) = ?2 LIMIT ?3`;
const selectHeldUnder = `
  SELECT number, id, lease_token FROM tasks INDEXED BY tasks_leased
  WHERE queue = ? AND lease_ends_at IS NOT NULL AND lease_token IN (SELECT value FROM json_each(?)) LIMIT ?`;
const countLost = `
  UPDATE tasks SET lost_attempts = ${within("lost_attempts")} + 1,
    lost_alone = ${within("lost_alone")} + (began_token IS NOT NULL AND began_token IS lease_token)
  WHERE number IN (SELECT value FROM json_each(?)) AND state = 'active'`;
const selectLostAlone = `
  SELECT id, ${within("lost_alone")} FROM tasks WHERE number IN (SELECT value FROM json_each(?)) AND lost_alone > 0`;
const beginAlone = `
  UPDATE tasks SET began_token = lease_token WHERE queue = ? AND id = ? AND state = 'active' AND lease_token = ?`;
const selectWaiting = `
  SELECT 1 FROM queues WHERE name = ? AND paused_at IS NULL
    AND EXISTS (SELECT 1 FROM tasks WHERE queue = queues.name AND position IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM queue_policies WHERE queue = queues.name AND (
      policy IN ('ordered:strict', 'ordered:loose')
        AND EXISTS (SELECT 1 FROM tasks WHERE queue = queues.name AND lease_ends_at IS NOT NULL)
      OR policy = 'ordered:strict'
        AND EXISTS (SELECT 1 FROM tasks WHERE queue = queues.name AND state = 'retry' AND due_at IS NOT NULL)))`;
const writeResult = "UPDATE tasks SET result = ? WHERE queue = ? AND id = ? AND state = 'active' AND lease_token = ?";
