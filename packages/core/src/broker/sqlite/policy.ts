import type { CallOptions } from "../call-options.ts";
import { type ClaimPolicy, policyName, policyOf, policyText } from "../claim-policy.ts";
import type { PolicyAnswer, PolicyFacet, PolicyRequest } from "../policy-facet.ts";
import type { ClosedQueue, QueueClaim } from "../work-facet.ts";
import type { Store } from "./store.ts";
import type { Transaction } from "./transaction.ts";

/** Not every commit of this process wakes those that wait: so long at the latest until a closed queue is asked again. */
const closedForMs = 1_000;

export class SqlitePolicy implements PolicyFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async declarePolicy({ queue, policy, replace = false }: PolicyRequest, call?: CallOptions): Promise<PolicyAnswer> {
    const declared = policyText(policy);
    // Mostly it was declared before: that needs no commit.
    if ((await this.#store.read(call, (db) => storedPolicy({ db }, queue))) === declared) return { kind: "agrees" };
    return this.#store.write(call, 1, (transaction): PolicyAnswer => {
      const stored = storedPolicy(transaction, queue);
      if (stored === declared) return { kind: "agrees" };
      if (stored !== undefined && !replace) return { kind: "differs", stored };
      if (declared === undefined) transaction.db.run(deletePolicy, queue);
      else transaction.db.run(upsertPolicy, queue, declared);
      transaction.changesWork();
      return { kind: "declared" };
    });
  }
}

/** What a claim may take from a queue now: everything, the next task alone, or nothing. */
export type Allowance =
  | { readonly kind: "all" | "next" }
  | { readonly kind: "none"; readonly closed: ClosedQueue | undefined };

/** What the policy of the queue lets a claim take, and whether the queue is paused. */
export function allowanceOf(transaction: Transaction, { queue, expects }: QueueClaim): Allowance {
  const { db, now } = transaction;
  // No row for an open queue that is not paused, which nearly all are.
  const marks = db.rows(selectMarks, queue, queue);
  if (marks.length === 0 && expects === undefined) return { kind: "all" };
  if (marks.some(([isPaused]) => isPaused === 1)) return closed(transaction, { queue, reason: "paused" });
  const stored = marks.map(([, policy]) => policy as string)[0];
  if (expects !== undefined && stored !== policyText(expects)) {
    const policy = policyName(stored);
    return { kind: "none", closed: { queue, reason: "policy_differs", policy, lookAgainAt: now + closedForMs } };
  }
  const policy = policyOf(stored);
  switch (policy?.kind) {
    case "open":
      return { kind: "all" };
    case "ordered":
      return isBlocked(transaction, queue, policy)
        ? closed(transaction, { queue, reason: "held", lookAgainAt: now + closedForMs })
        : { kind: "next" };
    case undefined:
      return {
        kind: "none",
        closed: { queue, reason: "policy_unknown", policy: policyName(stored), lookAgainAt: now + closedForMs },
      };
  }
}

/** Whether retry tasks that are due go before all that wait in the queue. */
export function takesRetriesFirst(transaction: Transaction, queue: string): boolean {
  const policy = policyOf(storedPolicy(transaction, queue));
  return policy?.kind === "ordered" && policy.discipline === "strict";
}

function storedPolicy({ db }: Pick<Transaction, "db">, queue: string): string | undefined {
  return db.get(selectPolicy, queue)?.["policy"] as string | undefined;
}

/** Told only where tasks wait. */
function closed({ db }: Transaction, queue: ClosedQueue): Allowance {
  return { kind: "none", closed: db.get(selectWaiting, queue.queue) === undefined ? undefined : queue };
}

function isBlocked(
  { db }: Pick<Transaction, "db">,
  queue: string,
  { discipline }: ClaimPolicy & { kind: "ordered" },
): boolean {
  if (db.get(selectHeld, queue) !== undefined) return true;
  return discipline === "strict" && db.get(selectRetry, queue) !== undefined;
}

const selectPolicy = "SELECT policy FROM queue_policies WHERE queue = ?";
const selectMarks = `
  SELECT 1, NULL FROM queues WHERE name = ? AND paused_at IS NOT NULL
  UNION ALL SELECT 0, policy FROM queue_policies WHERE queue = ?`;
const upsertPolicy = `
  INSERT INTO queue_policies (queue, policy) VALUES (?, ?) ON CONFLICT (queue) DO UPDATE SET policy = excluded.policy`;
const deletePolicy = "DELETE FROM queue_policies WHERE queue = ?";
const selectWaiting = "SELECT 1 FROM tasks WHERE queue = ? AND position IS NOT NULL LIMIT 1";
const selectHeld = "SELECT 1 FROM tasks INDEXED BY tasks_leased WHERE queue = ? AND lease_ends_at IS NOT NULL LIMIT 1";
const selectRetry = `
  SELECT 1 FROM tasks INDEXED BY tasks_due WHERE queue = ? AND state = 'retry' AND due_at IS NOT NULL LIMIT 1`;
