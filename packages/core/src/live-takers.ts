import { handlesType } from "./broker/handled-types.ts";
import type { TaskEntry } from "./broker/inspect-facet.ts";
import type { ServerRecord } from "./broker/presence-facet.ts";

// The one judgement about who would take a task. Explanations and findings both ask it, so that they say the same.

/** The servers that announce a queue, whether they take tasks now or not. */
export function serversOf(queue: string, servers: readonly ServerRecord[]): readonly ServerRecord[] {
  return servers.filter(({ queues }) => Object.hasOwn(queues, queue));
}

/** Whether it takes new tasks: it is neither starting, quiet nor stopping. */
export function takesTasks({ status }: Pick<ServerRecord, "status">): boolean {
  return status === "active";
}

/** A server of another library does not say what it handles, so it counts as handling everything. */
export function handles({ details }: Pick<ServerRecord, "details">, type: string): boolean {
  return details === undefined || handlesType(details.handles, type);
}

/** The live servers that take tasks of a queue, of any type. */
export function queueTakers(queue: string, servers: readonly ServerRecord[]): readonly ServerRecord[] {
  return serversOf(queue, servers).filter(takesTasks);
}

/** The live servers that would take a task of this queue and type. */
export function takersOf(
  { queue, type }: { readonly queue: string; readonly type: string },
  servers: readonly ServerRecord[],
): readonly ServerRecord[] {
  return queueTakers(queue, servers).filter((server) => handles(server, type));
}

/** How many tasks of each type wait that none of the takers handles. Those that can't be read count as none. */
export function unhandledTypes(
  waiting: readonly TaskEntry[],
  takers: readonly ServerRecord[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const entry of waiting) {
    if (entry.unreadable !== undefined) continue;
    const { type } = entry.message;
    if (takers.some((server) => handles(server, type))) continue;
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
