import type { CallOptions } from "../broker/call-options.ts";
import { aFinding, type Finding } from "../broker/finding.ts";
import type { InspectFacet } from "../broker/inspect-facet.ts";

/** Tasks that were archived longer ago are no news. */
const newsMs = 3_600_000;
const mostLookedAt = 500;
const mostTypes = 20;

/**
 * The tasks that were archived in the last hour, by type. It looks at the newest few hundred, and says "at least" when
 * there are more.
 */
export async function checkArchive(
  broker: Pick<InspectFacet, "archivedSince">,
  queue: string,
  now: number,
  call: CallOptions,
): Promise<Finding[]> {
  const { total, newest } = await broker.archivedSince(queue, now - newsMs, mostLookedAt, call);
  const byType = new Map<string | undefined, { tasks: number; newestTaskId: string; newestAt: number }>();
  for (const { type, taskId, archivedAt } of newest) {
    const known = byType.get(type);
    if (known === undefined) byType.set(type, { tasks: 1, newestTaskId: taskId, newestAt: archivedAt });
    else known.tasks++;
  }
  const atLeast = total > newest.length;
  const findings = [...byType].slice(0, mostTypes).map(([type, { tasks, newestTaskId, newestAt }]) => {
    const what = type === undefined ? "that can't be read" : `of type "${type}"`;
    const many = `${atLeast ? "at least " : ""}${tasks} task${tasks === 1 ? "" : "s"}`;
    const were = `${tasks === 1 ? "was" : "were"} archived in queue "${queue}" in the last hour`;
    const detail = `${many} ${what} ${were}; the newest is ${newestTaskId}`;
    const facts = { tasks, atLeast, withinMs: newsMs, newestTaskId, newestAt, ...(type !== undefined && { type }) };
    return aFinding("tasks_archived", { queue, detail, facts });
  });
  const told = [...byType.values()].slice(0, mostTypes).reduce((sum, { tasks }) => sum + tasks, 0);
  if (total > told) {
    const detail = `${total} tasks were archived in queue "${queue}" in the last hour, ${total - told} of them beside those named`;
    findings.push(
      aFinding("tasks_archived", { queue, detail, facts: { tasks: total, atLeast: false, withinMs: newsMs } }),
    );
  }
  return findings;
}
