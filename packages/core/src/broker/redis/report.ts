import type { CallOptions } from "../call-options.ts";
import { type KeptLog, linesText, readLog } from "../kept-log.ts";
import type { HeldReport, ReportFacet } from "../report-facet.ts";
import { queueKeys } from "./keys.ts";
import { reportLua } from "./lua/generated.ts";
import { Pack } from "./pack.ts";
import { byQueue, type RedisContext } from "./redis-context.ts";
import { readIfType, runScript, script } from "./run-script.ts";
import { list, text } from "./wire/reply.ts";

const reportScript = script(reportLua, "list");
/** Small enough that no other caller waits long: a task's log is up to 64 KiB, which the script reads and writes. */
const mostReports = 64;

export class RedisReport implements ReportFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async report(reports: readonly HeldReport[], call?: CallOptions): Promise<readonly ("written" | "lost")[]> {
    const answers: ("written" | "lost")[] = new Array(reports.length).fill("written");
    await Promise.all(
      byQueue(reports, ({ lease }) => lease.queue, mostReports).map(async ({ queue, items, positions }) => {
        const keys = queueKeys(queue);
        const args = [keys.task, packReports(items)];
        const lost = await runScript(this.#context.connection, reportScript, [keys.lease], args, call);
        for (const index of list(lost)) answers[positions[Number(index)] ?? 0] = "lost";
      }),
    );
    return answers;
  }

  async readLog(queue: string, taskId: string, call?: CallOptions): Promise<KeptLog | undefined> {
    const key = queueKeys(queue).task + taskId;
    const answer = await readIfType(this.#context.connection, ["HMGET", key, "state", "msg", "hk:log"], call);
    // What lies there is no task. It has no log, and can be looked at as a task that can't be read.
    if (answer === null) return readLog(undefined);
    const [state, message, log] = list(answer).map((part) => text(part));
    return state === undefined && message === undefined ? undefined : readLog(log);
  }
}

/** Reports as `report.lua` reads them. */
function packReports(reports: readonly HeldReport[]): Buffer {
  const pack = new Pack(reports.length * 256);
  for (const { lease, progress, log } of reports) {
    pack.text(lease.taskId);
    pack.text(lease.token);
    pack.text(progress ?? "");
    pack.number(log?.from ?? 1);
    pack.number(log?.lines.length ?? 0);
    pack.text(linesText(log?.lines ?? []));
  }
  return pack.finish();
}
