import {
  type Readiness,
  type ReadinessCheck,
  type ReadinessCheckName,
  type ReadinessFinding,
  worstLevel,
} from "@hikyaku/contract";
import { withDeadline } from "./with-deadline.ts";

/** One question that `/readyz` asks. */
export interface ReadinessProbe {
  readonly name: ReadinessCheckName;
  /** Whether the process can't serve without it. Only then does an error make the answer `not_ready`. */
  readonly required: boolean;
  /** May reject, which counts as failing. It is given up after `PROBE_TIMEOUT_MS`. */
  ask(): Promise<readonly ReadinessFinding[]>;
  /** The finding when `ask` rejected or gave no answer in time. Default: `check_failed`. */
  failed?(reason: string): ReadinessFinding;
}

/** How long one probe may take; all are asked at the same time. */
export const PROBE_TIMEOUT_MS = 800;

/** Asks every probe. Ends after `PROBE_TIMEOUT_MS` at the latest, whatever the probes do. Never rejects. */
export async function askReadiness(probes: readonly ReadinessProbe[]): Promise<Readiness> {
  const answers = await Promise.all(probes.map(async (probe) => ({ probe, check: await askOne(probe) })));
  const ready = answers.every(({ probe, check }) => !probe.required || check.level !== "error");
  const checks = answers.map(({ check }) => check);
  return {
    status: ready ? "ready" : "not_ready",
    level: worstLevel(checks.map(({ level }) => level)),
    checks,
  };
}

/** The same answer for strangers: levels only, and nothing that tells where anything is. */
export function withoutFindings({ checks, ...rest }: Readiness): Readiness {
  return { ...rest, checks: checks.map(({ name, level }) => ({ name, level })) };
}

async function askOne(probe: ReadinessProbe): Promise<ReadinessCheck> {
  const findings = await findingsOf(probe);
  return { name: probe.name, level: worstLevel(findings.map(({ level }) => level)), findings: [...findings] };
}

async function findingsOf(probe: ReadinessProbe): Promise<readonly ReadinessFinding[]> {
  try {
    return await withDeadline(probe.name, PROBE_TIMEOUT_MS, probe.ask());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const level = probe.required ? "error" : "warning";
    return [probe.failed?.(reason) ?? { code: "check_failed", level, reason }];
  }
}
