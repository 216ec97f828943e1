import { aFinding, type Finding } from "../broker/finding.ts";
import type { AnnouncedEntry, DurableEntry } from "../broker/schedule-facet.ts";

/** Entries without a next turn that are not paused, and entries that live schedulers would fire differently. */
export function checkSchedules(durable: readonly DurableEntry[], announced: readonly AnnouncedEntry[]): Finding[] {
  const paused = new Set(durable.filter((entry) => entry.paused).map(({ entryId }) => entryId));
  const tellers = new Map<string, AnnouncedEntry[]>();
  for (const { entryId } of durable) tellers.set(entryId, []);
  for (const entry of announced) tellers.set(entry.entryId, [...(tellers.get(entry.entryId) ?? []), entry]);

  const findings: Finding[] = [];
  for (const [entryId, told] of tellers) {
    if (paused.has(entryId)) continue;
    const name = `scheduler entry "${entryId}"`;
    if (told.length === 0) {
      const detail = `${name} has no next turn: no live scheduler has it; start one`;
      findings.push(aFinding("schedule_idle", { detail, facts: { entryId } }));
    } else if (told.every(({ nextAt }) => nextAt === undefined)) {
      const detail = `${name} has no next turn: its spec ${JSON.stringify(told[0]?.spec)} never comes`;
      findings.push(aFinding("schedule_idle", { detail, facts: { entryId } }));
    }
    const specs = [...new Set(told.map(({ spec }) => spec))];
    if (specs.length > 1) {
      const who = told.map(({ schedulerId, spec }) => `${schedulerId} has ${JSON.stringify(spec)}`).join(", ");
      findings.push(
        aFinding("schedule_torn", { detail: `${name} has several next turns: ${who}`, facts: { entryId, specs } }),
      );
    }
  }
  return findings;
}
