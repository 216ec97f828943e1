import { presentTreatedFinding } from "@hikyaku/operations/presenters";
import type { Command } from "commander";
import { type AuditNote, checkStore, errorText, type Finding, type FindingLevel } from "hikyaku";
import { exitCodes } from "../exit-codes.ts";
import { findingsText } from "../findings-text.ts";
import { withStore } from "../open-store.ts";
import { type CommandContext, show } from "../output.ts";
import { userName } from "../user-name.ts";

interface DoctorOptions {
  readonly repair: boolean;
  readonly json: boolean;
  readonly queue?: readonly string[];
}

interface Report {
  readonly store: string;
  readonly repair: boolean;
  readonly counts: Readonly<Record<FindingLevel, number>>;
  readonly findings: readonly Finding[];
}

const levels: readonly FindingLevel[] = ["error", "warning", "notice"];

/** `doctor`: everything in the store that is wrong or worth knowing; see docs/doctor.md. */
export function addDoctor(program: Command, { streams, exitWith }: CommandContext): void {
  program
    .command("doctor")
    .description(
      "Looks for tasks that are stuck or lost from sight, for workers that should not be there, and for settings that " +
        "can lose tasks. Changes nothing unless told to. Exit code: 0 all is well, 1 something is wrong, 69 the store " +
        "is not there.",
    )
    .option("--repair", "repair what is safe; no task is thrown away", false)
    .option("--queue <name...>", "look at these queues only (default: all that the store holds)")
    .option("--json", "write JSON", false)
    .action(async ({ repair, json, queue }: DoctorOptions) => {
      const report = await withStore(async (broker, { audit }): Promise<Report> => {
        const found = await checkStore(broker, { repair, ...(queue !== undefined && { queues: queue }) });
        const repaired = found.filter((finding) => finding.repair === "repaired").length;
        if (repair)
          await audit.write(repairNote(queue, repaired)).catch((error: unknown) => tellMissed(streams, error));
        const findings = levels.flatMap((level) => found.filter((finding) => finding.level === level));
        const count = (level: FindingLevel): number => found.filter((finding) => finding.level === level).length;
        const counts = { error: count("error"), warning: count("warning"), notice: count("notice") };
        return { store: broker.location, repair, counts, findings };
      });
      show(streams, json, jsonOf(report), () => reportText(report));
      exitWith(report.counts.error + report.counts.warning > 0 ? exitCodes.findings : exitCodes.ok);
    });
}

function repairNote(queues: readonly string[] | undefined, repaired: number): AuditNote {
  const on = queues === undefined ? {} : { queue: queues.join(", ") };
  return { who: userName(), way: "cli", operation: "repair-store", on, after: { repaired }, result: "done" };
}

function tellMissed({ err }: CommandContext["streams"], error: unknown): void {
  err(`hikyaku: this repair is missing in the audit: ${errorText(error)}\n`);
}

function jsonOf(report: Report) {
  return { ...report, findings: report.findings.map(presentTreatedFinding) };
}

function reportText({ store, repair, counts, findings }: Report): string {
  if (findings.length === 0) return `${store}: all is well.\n`;
  const total = levels.map((level) => `${counts[level]} ${level}${counts[level] === 1 ? "" : "s"}`).join(", ");
  const hint = !repair && findings.some((finding) => finding.repair === "repairable");
  const lines = findingsText(findings);
  if (hint) lines.push("", "Nothing was changed. `--repair` carries out what the arrows say.");
  return `${store}: ${total}.\n\n${lines.join("\n")}\n`;
}
