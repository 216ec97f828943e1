import { sleep } from "../../runtime/clock.ts";
import type { CallOptions } from "../call-options.ts";
import { aFinding, type Finding } from "../finding.ts";
import type { GroupFacet } from "../group-facet.ts";
import type { MaintainFacet } from "../maintain-facet.ts";
import { neglectedMs, type ReconcileRequest } from "../reconcile-facet.ts";
import { allQueuesKey, queueKeys } from "./keys.ts";
import { reconcileNumbersLua } from "./lua/generated.ts";
import { type RedisContext, wholeSeconds } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import { list } from "./wire/reply.ts";

const numbersScript = script(reconcileNumbersLua, "list");

/** How many aggregation sets one repair puts back. */
const setsPerRepair = 100;

/** What the queue's numbers show: whether it is known, and whether anybody takes care of it. */
export async function checkQueue(
  context: RedisContext,
  others: Pick<MaintainFacet, "sweep" | "forwardDue"> & Pick<GroupFacet, "reclaim">,
  { queue, limit, repair, archive, graceMs }: ReconcileRequest,
  call: CallOptions | undefined,
): Promise<readonly Finding[]> {
  const keys = queueKeys(queue);
  const now = context.clock.now();
  const neglected = String(wholeSeconds(now - neglectedMs));
  const oldest = String(wholeSeconds(now - archive.maxAgeMs));
  const { pending, active, scheduled, retry, archived: archivedKey, completed, groups, lease, aggregationSets } = keys;
  const places = [pending, active, scheduled, retry, archivedKey, completed, groups, lease, aggregationSets];
  const [known, numbers] = await Promise.all([
    runCommand(context.connection, ["SISMEMBER", allQueuesKey, queue], call),
    runScript(context.connection, numbersScript, places, [neglected, oldest], call),
  ]);
  const [held = 0, archived = 0, old = 0, leasesOver = 0, scheduledLate = 0, retryLate = 0, staleSets = 0] =
    list(numbers).map(Number);
  const findings: Finding[] = [];
  const outcome = repair ? "repaired" : "repairable";

  if (known !== 1 && held > 0) {
    if (repair) await runCommand(context.connection, ["SADD", allQueuesKey, queue], call);
    const detail = `queue "${queue}" holds tasks, and the list of queues does not name it`;
    findings.push(aFinding("queue_unknown", { queue, detail }, outcome, "the list names it again"));
  }
  if (archived > archive.maxCount || old > 0) {
    if (repair) await others.sweep(queue, limit, archive, call);
    const tooMany = Math.max(0, archived - archive.maxCount);
    const detail = `the archive holds ${archived} tasks: ${tooMany} more than it may, ${old} longer than it may`;
    findings.push(
      aFinding("archive_too_large", { queue, detail }, outcome, "the oldest are removed, a slice at a time"),
    );
  }
  if (scheduledLate + retryLate > 0) {
    if (repair) await others.forwardDue({ queue, limit }, call);
    const detail = `${scheduledLate} scheduled and ${retryLate} retry tasks were due more than a minute ago`;
    findings.push(
      aFinding("overdue", { queue, detail }, outcome, "they are brought to their queue, a slice at a time"),
    );
  }
  if (leasesOver > 0) {
    const detail = `${leasesOver} leases ended more than a minute ago, and nobody recovered the tasks; start a worker`;
    findings.push(aFinding("lease_over", { queue, detail }));
  }
  if (staleSets > 0) {
    if (repair) await others.reclaim(queue, setsPerRepair, call);
    const detail = `${staleSets} sets of tasks that were taken to be aggregated should have ended more than a minute ago`;
    findings.push(aFinding("stale_set", { queue, detail }, outcome, "their tasks are put back into their groups"));
  }
  const leftovers = await leftoversIn(context, queue, graceMs, call);
  if (leftovers > 0) {
    if (repair) await others.reclaim(queue, setsPerRepair, call);
    const detail = `${leftovers} sets of tasks were made one task each, and nobody removes what is left of them; start a worker`;
    findings.push(
      aFinding("stale_set", { queue, detail }, outcome, "the rest of them is removed, some sets at a time"),
    );
  }
  return findings;
}

/** A set that is finished is cleared at once. What is still there a moment later was left behind. */
async function leftoversIn(
  { connection, clock }: RedisContext,
  queue: string,
  graceMs: number,
  call: CallOptions | undefined,
): Promise<number> {
  const count = async (): Promise<number> =>
    Number(await runCommand(connection, ["SCARD", queueKeys(queue).leftovers], call));
  if ((await count()) === 0 || graceMs === 0) return count();
  await sleep(clock, graceMs, call?.signal);
  return count();
}
