import type { CallOptions } from "../call-options.ts";
import { aFinding, type Finding } from "../finding.ts";
import type { GroupFacet } from "../group-facet.ts";
import type { MaintainFacet } from "../maintain-facet.ts";
import { neglectedMs, type ReconcileRequest } from "../reconcile-facet.ts";
import { allQueuesKey, queueKeys } from "./keys.ts";
import type { Reply } from "./link.ts";
import { type RedisContext, wholeSeconds } from "./redis-context.ts";
import { runCommand } from "./run-script.ts";

/** How many aggregation sets one repair puts back. */
const setsPerRepair = 100;

/** What the queue's numbers tell: whether it is known, and whether anybody takes care of it. */
export async function checkQueue(
  context: RedisContext,
  others: Pick<MaintainFacet, "sweep" | "forwardDue"> & Pick<GroupFacet, "reclaim">,
  { queue, limit, repair, archive }: ReconcileRequest,
  call: CallOptions | undefined,
): Promise<readonly Finding[]> {
  const keys = queueKeys(queue);
  const ask = (...command: string[]): Promise<Reply> => runCommand(context.connection, command, call);
  const now = context.clock.now();
  const neglected = String(wholeSeconds(now - neglectedMs));
  const oldest = `(${wholeSeconds(now - archive.maxAgeMs)}`;
  const upTo = (key: string, score: string): Promise<Reply> => ask("ZCOUNT", key, "-inf", score);
  const [known, pending, ...rest] = await Promise.all([
    ask("SISMEMBER", allQueuesKey, queue),
    ask("LLEN", keys.pending),
    ask("LLEN", keys.active),
    ...[keys.scheduled, keys.retry, keys.archived, keys.completed].map((key) => ask("ZCARD", key)),
    ask("SCARD", keys.groups),
    upTo(keys.archived, oldest),
    upTo(keys.lease, neglected),
    upTo(keys.scheduled, neglected),
    upTo(keys.retry, neglected),
    upTo(keys.aggregationSets, neglected),
  ]);
  const [active = 0, scheduled = 0, retry = 0, archived = 0, completed = 0, groups = 0, ...late] = rest.map(Number);
  const [old = 0, leasesOver = 0, scheduledLate = 0, retryLate = 0, staleSets = 0] = late;
  const findings: Finding[] = [];
  const outcome = repair ? "repaired" : "repairable";

  const listed = Number(pending) + active + scheduled + retry + archived + completed + groups;
  if (known !== 1 && listed > 0) {
    if (repair) await ask("SADD", allQueuesKey, queue);
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
    if (repair) await others.forwardDue(queue, limit, call);
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
  return findings;
}
