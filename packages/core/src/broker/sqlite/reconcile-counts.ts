import { aFinding, type Finding } from "../finding.ts";
import { taskStates } from "../task-message.ts";
import type { Transaction } from "./transaction.ts";

/** Compares the stored numbers of a queue with the tasks that are there, by the small indexes of their places. */
export function checkCounts({ db, tally }: Transaction, queue: string, repair: boolean): Finding[] {
  const actual = db.get(selectActual, ...Array.from({ length: 8 }, () => queue));
  const kept = db.get(selectKept, queue);
  const numbers = taskStates.map((state) => Number(actual?.[state] ?? 0));
  const outcome = repair ? "repaired" : "repairable";
  const findings: Finding[] = [];
  if (kept === undefined) {
    if (numbers.every((number) => number === 0)) return findings;
    const detail = `queue "${queue}" holds tasks, and the list of queues does not name it`;
    findings.push(aFinding("queue_unknown", { queue, detail }, outcome, "the list names it again"));
  } else {
    const wrong = taskStates.filter((state, index) => Number(kept[state]) !== numbers[index]);
    if (wrong.length === 0) return findings;
    const differences = wrong.map((state) => `${state} ${kept[state]} instead of ${actual?.[state]}`).join(", ");
    const detail = `the numbers kept of queue "${queue}" are wrong: ${differences}`;
    findings.push(aFinding("wrong_counts", { queue, detail }, outcome, "they are counted again"));
  }
  if (repair) {
    tally.known(queue);
    db.run(insertQueue, queue);
    db.run(updateCounts, ...numbers, queue);
  }
  return findings;
}

const selectActual = `
  SELECT (SELECT count(*) FROM tasks WHERE queue = ? AND position IS NOT NULL) AS pending,
    (SELECT count(*) FROM tasks WHERE queue = ? AND state = 'scheduled' AND due_at IS NOT NULL) AS scheduled,
    (SELECT count(*) FROM tasks WHERE queue = ? AND state = 'retry' AND due_at IS NOT NULL) AS retry,
    (SELECT count(*) FROM tasks WHERE queue = ? AND lease_ends_at IS NOT NULL) AS active,
    (SELECT count(*) FROM tasks WHERE queue = ? AND kept_until IS NOT NULL) AS completed,
    (SELECT count(*) FROM tasks WHERE queue = ? AND archived_at IS NOT NULL) AS archived,
    (SELECT count(*) FROM tasks WHERE queue = ? AND grouped_at IS NOT NULL) +
      (SELECT count(*) FROM aggregation_sets AS sets CROSS JOIN tasks ON tasks.set_id = sets.set_id WHERE sets.queue = ?)
      AS aggregating`;
const selectKept = `SELECT ${taskStates.join(", ")} FROM queues WHERE name = ?`;
const insertQueue = "INSERT INTO queues (name) VALUES (?) ON CONFLICT (name) DO NOTHING";
const updateCounts = `UPDATE queues SET ${taskStates.map((state) => `${state} = ?`).join(", ")} WHERE name = ?`;
