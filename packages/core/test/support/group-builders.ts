import type { Broker } from "../../src/broker/broker.ts";
import type { EnqueueItem } from "../../src/broker/enqueue-facet.ts";
import type { AggregationSet, GroupLimits } from "../../src/broker/group-facet.ts";
import type { TaskMessage } from "../../src/broker/task-message.ts";
import { aTask } from "./builders.ts";

export const graceMs = 60_000;
export const holdMs = 120_000;
/** Redis keeps whole seconds: what is late may be late by as much. */
export const roundingMs = 1_000;

const quiet: GroupLimits = { maxSize: undefined, maxDelayMs: undefined, gracePeriodMs: graceMs };

export function grouped(overrides: Partial<TaskMessage> = {}): EnqueueItem {
  return { message: aTask({ group: "letters", ...overrides }), placement: { kind: "group" } };
}

interface GroupWish {
  readonly group?: string;
  readonly queue?: string;
  readonly limits?: Partial<GroupLimits>;
}

/** Takes the group `letters` after a minute of quiet, unless it is told otherwise. */
export function collected(broker: Broker, overrides: GroupWish = {}): Promise<AggregationSet | undefined> {
  const { group = "letters", queue = "default", limits = {} } = overrides;
  return broker.collect({ queue, group, limits: { ...quiet, ...limits }, holdMs });
}

/** Takes a group that is expected to be ripe. */
export async function taken(broker: Broker, overrides?: GroupWish): Promise<AggregationSet> {
  const set = await collected(broker, overrides);
  if (set === undefined) throw new Error("expected a group to be ripe, it was not");
  return set;
}

export function idsIn(set: AggregationSet | undefined): string[] {
  return (set?.messages ?? []).map(({ id }) => id);
}

/** Unique for longer than any test here lasts on its clock. */
export function longUnique(item: EnqueueItem, uniqueForMs = 86_400_000): EnqueueItem {
  return { ...item, uniqueForMs };
}

export async function groupNames(broker: Broker, queue = "default"): Promise<string[]> {
  return (await broker.groups(queue)).map(({ group }) => group).sort();
}
