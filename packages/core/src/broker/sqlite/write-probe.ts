import type { CallOptions } from "../call-options.ts";
import type { TaskMessage } from "../task-message.ts";
import type { Settlement } from "../work-facet.ts";
import { claimTasks } from "./claim.ts";
import type { SqliteEnqueue } from "./enqueue.ts";
import { settleTasks } from "./settle.ts";
import type { Store } from "./store.ts";
import { Transaction } from "./transaction.ts";

/**
 * Enqueues, claims and settles a task of each queue and takes that back, which finds pages that can't be read or changed;
 * then writes a number anew and has it brought onto the disk, which finds one that is full, since what is taken back never
 * gets there.
 */
export async function probeWrites(
  store: Store,
  enqueue: SqliteEnqueue,
  queues: readonly string[],
  call: CallOptions | undefined,
): Promise<void> {
  await store.write(call, 1, ({ db, now }) => {
    db.run("SAVEPOINT rehearsal");
    for (const queue of queues.length > 0 ? queues : ["default"])
      rehearse(new Transaction(db, now, true), enqueue, queue);
    db.run("ROLLBACK TO rehearsal");
    db.run("RELEASE rehearsal");
    db.run(countClaim);
  });
}

/** @throws whatever SQLite throws; what was written until then is taken back by whoever runs the transaction. */
function rehearse(transaction: Transaction, enqueue: SqliteEnqueue, queue: string): void {
  const message: TaskMessage = { ...aMessage, id: `probe-${crypto.randomUUID()}`, queue };
  const outcome = enqueue.enqueueWithin(transaction, { message, placement: { kind: "now" } });
  if (outcome.kind === "failed") throw outcome.error;
  const { tasks } = claimTasks(transaction, { ...aClaim, queues: [{ queue, limit: 1 }] });
  const settlements = tasks.map((task): Settlement => ({ task, outcome: { kind: "done" } }));
  settleTasks(transaction, settlements);
  transaction.tally.write(transaction.db, transaction.now);
}

const aMessage: Omit<TaskMessage, "id" | "queue"> = {
  type: "hikyaku:probe",
  payload: undefined,
  ...{ maxRetry: 0, retried: 0, lastError: "", lastFailedAt: undefined, timeoutMs: 0, deadlineAt: undefined },
  ...{ uniqueKey: "", group: "", retentionMs: 0, completedAt: undefined, headers: {} },
};

const aClaim = { limit: 1, handles: { kind: "all" }, serverId: "probe", leaseMs: 1_000 } as const;

/** A number that is left out is as good as one that was given. */
const countClaim = "UPDATE claims SET number = number + 1";
