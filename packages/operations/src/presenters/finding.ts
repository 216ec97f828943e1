import { momentText, type StoreFinding } from "@hikyaku/contract";
import type { Finding } from "hikyaku";

/** One thing that is not as it should be. */
export function presentFinding({ kind, level, queue, taskId, detail, facts }: Finding): StoreFinding {
  return { kind, level, queue: queue ?? null, task_id: taskId ?? null, detail, facts: factsOf(facts) };
}

/** The same, with what a doctor did about it, or would do. */
export function presentTreatedFinding(finding: Finding) {
  return { ...presentFinding(finding), repair: finding.repair, action: finding.action ?? null };
}

/** In the words of the API: snake_case, and moments as texts. */
function factsOf(facts: Finding["facts"]): StoreFinding["facts"] {
  const shown: StoreFinding["facts"] = {};
  for (const [name, value] of Object.entries(facts)) {
    const ours = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (typeof value === "object") shown[ours] = [...value];
    else shown[ours] = typeof value === "number" && name.endsWith("At") ? momentOf(value) : value;
  }
  return shown;
}

/** A stored number may be no moment at all. */
function momentOf(value: number): string | number {
  const moment = new Date(value);
  return Number.isNaN(moment.getTime()) ? value : momentText(moment);
}
