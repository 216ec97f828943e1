import type { CallOptions } from "../call-options.ts";
import { type KeptLog, readLog, withLines } from "../kept-log.ts";
import type { HeldReport, ReportFacet } from "../report-facet.ts";
import type { TaskReport } from "../task-report.ts";
import type { Store } from "./store.ts";
import type { Transaction } from "./transaction.ts";

export class SqliteReport implements ReportFacet {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  report(reports: readonly HeldReport[], call?: CallOptions): Promise<readonly ("written" | "lost")[]> {
    return this.#store.write(call, reports.length, (transaction) =>
      reports.map(({ lease, ...report }) => {
        const { queue, taskId, token } = lease;
        const [row] = transaction.db.rows(selectHeld, queue, taskId, token);
        if (row === undefined) return "lost";
        writeReport(transaction, { number: row[0] as number, token, ...report });
        return "written";
      }),
    );
  }

  readLog(queue: string, taskId: string, call?: CallOptions): Promise<KeptLog | undefined> {
    return this.#store.read(call, (db) => {
      const [row] = db.rows(selectLog, queue, taskId);
      return row === undefined ? undefined : readLog(textOf(row[0]));
    });
  }
}

interface NumberedReport extends TaskReport {
  readonly number: number;
  readonly token: string;
}

/** Writes what was said of a task that the token holds, or held until this transaction. */
export function writeReport({ db }: Pick<Transaction, "db">, { number, token, progress, log }: NumberedReport): void {
  if (progress !== undefined) db.run(writeProgress, progress, number);
  if (log === undefined) return;
  const [row] = db.rows(selectLogOf, number);
  const text = withLines(textOf(row?.[0]), token, log);
  if (text !== undefined) db.run(writeLog, text, number);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const selectHeld = "SELECT number FROM tasks WHERE queue = ? AND id = ? AND state = 'active' AND lease_token = ?";
const selectLog = "SELECT log FROM tasks WHERE queue = ? AND id = ?";
const selectLogOf = "SELECT log FROM tasks WHERE number = ?";
const writeProgress = "UPDATE tasks SET progress = ? WHERE number = ?";
const writeLog = "UPDATE tasks SET log = ? WHERE number = ?";
