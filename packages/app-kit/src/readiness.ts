import type { Readiness, ReadinessCheck } from "@hikyaku/contract";
import { withDeadline } from "./with-deadline.ts";

/** One question that `/readyz` asks. */
export interface ReadinessProbe {
  readonly name: string;
  /** Whether the process cannot serve without it: only then does its failure make the answer `not_ready`. */
  readonly required: boolean;
  /** May reject, which counts as failing. It is given up after `PROBE_TIMEOUT_MS`. */
  ask(): Promise<ReadinessCheck>;
}

/** How long one probe may take; all are asked at the same time. */
export const PROBE_TIMEOUT_MS = 800;

/** Asks every probe, and ends after `PROBE_TIMEOUT_MS` at the latest whatever they do. Never rejects. */
export async function askReadiness(probes: readonly ReadinessProbe[]): Promise<Readiness> {
  const answers = await Promise.all(probes.map(async (probe) => ({ probe, check: await askOne(probe) })));
  const ready = answers.every(({ probe, check }) => !probe.required || check.status !== "failing");
  return { status: ready ? "ready" : "not_ready", checks: answers.map(({ check }) => check) };
}

async function askOne(probe: ReadinessProbe): Promise<ReadinessCheck> {
  try {
    return await withDeadline(probe.name, PROBE_TIMEOUT_MS, probe.ask());
  } catch (error) {
    return { name: probe.name, status: "failing", detail: error instanceof Error ? error.message : String(error) };
  }
}
