import type { CallOptions } from "../broker/call-options.ts";
import { aFinding, type Finding } from "../broker/finding.ts";
import type { WriteHealthFacet } from "../broker/write-health-facet.ts";
import { type HikyakuError, isHikyakuError } from "../errors.ts";

export interface CheckedWrites {
  readonly findings: readonly Finding[];
  /** Queues that can't be written. */
  readonly refused: ReadonlySet<string>;
}

export const nothingRefused: CheckedWrites = { findings: [], refused: new Set() };

const queuesPerProbe = 32;
/** A slower answer counts as a refusal, so that the checks after it get their turn. */
const longestProbeMs = 1_500;

/** Whether the store takes what tasks need. One refusal for many queues makes one finding. */
export async function checkWrites(
  broker: Pick<WriteHealthFacet, "probeWrites">,
  queues: readonly string[],
  call: CallOptions,
): Promise<CheckedWrites> {
  const refused = new Set<string>();
  const reasons = new Set<string>();
  for (let from = 0; from === 0 || from < queues.length; from += queuesPerProbe) {
    const slice = queues.slice(from, from + queuesPerProbe);
    if ((await refusalOf(broker, slice, call)) === undefined) continue;
    for (const some of slice.length > 1 ? slice.map((queue) => [queue]) : [slice]) {
      const refusal = await refusalOf(broker, some, call);
      if (refusal === undefined) continue;
      reasons.add(refusal.message);
      for (const queue of some) refused.add(queue);
      // A silent store is not asked again for each of its queues.
      if (refusal.code !== "store_rejected") return { findings: findingsOf(reasons), refused };
    }
  }
  return { findings: findingsOf(reasons), refused };
}

function findingsOf(reasons: ReadonlySet<string>): Finding[] {
  return [...reasons].map((detail) => aFinding("writes_fail", { detail }));
}

async function refusalOf(
  broker: Pick<WriteHealthFacet, "probeWrites">,
  queues: readonly string[],
  call: CallOptions,
): Promise<HikyakuError | undefined> {
  try {
    await broker.probeWrites(queues, { ...call, timeoutMs: longestProbeMs });
    return undefined;
  } catch (error) {
    if (!isHikyakuError(error) || error.code === "cancelled" || error.code === "closed") throw error;
    return error;
  }
}
