import { defaultMessage } from "../../task/default-message.ts";
import type { CallOptions } from "../call-options.ts";
import type { Settlement } from "../work-facet.ts";
import { claimTasks } from "./claim.ts";
import type { SqliteEnqueue } from "./enqueue.ts";
import { settleTasks } from "./settle.ts";
import type { Store } from "./store.ts";
import { Transaction } from "./transaction.ts";

/**
 * Enqueues, claims and settles a task of each queue, and undoes it. That finds pages that can't be read or changed, and
 * costs the disk nothing. Then it writes a number and brings it onto the disk, which finds a full disk.
 */
export async function probeWrites(
  store: Store,
  enqueue: SqliteEnqueue,
  queues: readonly string[],
  call: CallOptions | undefined,
): Promise<void> {
  const startedAt = performance.now();
  await store.read(call, (db) => {
    db.run("BEGIN IMMEDIATE");
    try {
      const now = store.clock.now();
      for (const queue of queues.length > 0 ? queues : ["default"]) {
        rehearse(new Transaction(db, now, true), enqueue, queue);
      }
    } finally {
      if (db.isTransaction) db.run("ROLLBACK");
    }
  });
  const timeoutMs = call?.timeoutMs === undefined ? undefined : call.timeoutMs - (performance.now() - startedAt);
  const rest = timeoutMs === undefined ? call : { ...call, timeoutMs: Math.max(1, timeoutMs) };
  await store.write(rest, 1, ({ db }) => void db.run(countClaim));
}

/** @throws what SQLite throws. */
function rehearse(transaction: Transaction, enqueue: SqliteEnqueue, queue: string): void {
  const message = defaultMessage({ id: `probe-${crypto.randomUUID()}`, type: "hikyaku:probe", queue });
  const outcome = enqueue.enqueueWithin(transaction, { message, placement: { kind: "now" } });
  if (outcome.kind === "failed") throw outcome.error;
  const { tasks } = claimTasks(transaction, { ...aClaim, queues: [{ queue, limit: 1 }] }, new Set());
  const settlements = tasks.map((task): Settlement => ({ task, outcome: { kind: "done" } }));
  settleTasks(transaction, settlements);
  transaction.tally.write(transaction.db, transaction.now);
}

const aClaim = { limit: 1, handles: { kind: "all" }, serverId: "probe", leaseMs: 1_000 } as const;

/** A number in the sequence may be left out. */
const countClaim = "UPDATE claims SET number = number + 1";
