import type { Broker } from "../../src/broker/broker.ts";
import type { EnqueueItem } from "../../src/broker/enqueue-facet.ts";
import type { TaskState } from "../../src/broker/task-message.ts";
import type { ClaimedTask, SetAside } from "../../src/broker/work-facet.ts";
import { bytes, leaseMs, placedAt, placedNow, unique } from "../support/builders.ts";
import type { FakeClock } from "../support/fake-clock.ts";

/** Where a task may lie when it is broken; `held` is running under a live lease, `active` under one that is over. */
export const places = [
  "pending",
  "scheduled",
  "retry",
  "active",
  "held",
  "archived",
  "completed",
  "aggregating",
] as const;
export type Place = (typeof places)[number];

export const victimOf = (place: Place): string => `victim-${place}`;
const neighbourOf = (place: Place): string => `neighbour-${place}`;

const farAhead = 3_600_000;

/** A queue with two sound tasks in every place: one that is going to be broken, and its neighbour. */
export async function fillQueue(broker: Broker, clock: FakeClock, queue: string): Promise<ClaimedTask[]> {
  const both = (place: Place, make: (id: string) => EnqueueItem) => [victimOf(place), neighbourOf(place)].map(make);
  const lockedBy = (id: string) => ({ id, queue, payload: bytes(id), retentionMs: 1_000 });
  const now = (id: string): EnqueueItem => unique(placedNow(lockedBy(id)), farAhead);
  const take = async (serverId: string, lease = leaseMs) => {
    const request = { queues: [{ queue, limit: 100 }], limit: 100, handles: { kind: "all" } as const, serverId };
    return (await broker.claim({ ...request, leaseMs: lease })).tasks;
  };
  const settleAll = async (place: Place, outcome: Parameters<Broker["settle"]>[0][number]["outcome"]) => {
    await broker.enqueue(both(place, now));
    await broker.settle((await take("server-a")).map((task) => ({ task, outcome })));
  };
  await settleAll("archived", { kind: "archived", error: "it broke" });
  await settleAll("completed", { kind: "completed", result: bytes("done") });
  await settleAll("retry", { kind: "retry", at: clock.now() + 1_234, counted: true, error: "it broke" });
  await broker.enqueue(both("active", now));
  await take("server-dead");
  await broker.enqueue(both("held", now));
  const held = await take("server-a", farAhead);
  await broker.enqueue([
    ...both("pending", now),
    ...both("scheduled", (id) => unique(placedAt(clock.now() + 1_777, lockedBy(id)), farAhead)),
    ...both("aggregating", (id) => {
      const { message } = placedNow({ ...lockedBy(id), group: "g" });
      return unique({ message, placement: { kind: "group" } }, farAhead);
    }),
  ]);
  clock.advance(40_000);
  return [...held];
}

export interface Aftermath {
  /** Ids of all tasks that somebody could work on. */
  readonly run: ReadonlySet<string>;
  readonly setAside: readonly SetAside[];
}

/** What all the workers of a queue do until nothing is left to do. Whatever lies there, no call of it may fail. */
export async function workItOff(broker: Broker, queue: string, held: readonly ClaimedTask[]): Promise<Aftermath> {
  const run = new Set<string>();
  const setAside: SetAside[] = [];
  const finish = async (tasks: readonly ClaimedTask[]): Promise<void> => {
    const { results } = await broker.settle(tasks.map((task) => ({ task, outcome: { kind: "done" } as const })));
    for (const [index, task] of tasks.entries()) if (results[index] === "settled") run.add(task.message.id);
  };
  await broker.extend(
    held.map(({ lease }) => lease),
    Date.now() + farAhead,
  );
  await finish(held);
  const request = { queue, limit: 100, serverId: "recoverer", leaseMs };
  for (let round = 0; round < 3; round++) {
    await broker.forwardDue({ queue, limit: 100 });
    for (const take of [
      () => broker.takeBack({ ...request, from: { kind: "server", serverId: "server-dead" } }),
      () => broker.takeOver(request),
    ]) {
      const taken = await take();
      setAside.push(...taken.setAside);
      await finish(taken.tasks.map(({ task }) => task));
    }
    for (const handles of [{ kind: "some", exact: [], prefixes: ["email:"] } as const, { kind: "all" } as const]) {
      const queues = [{ queue, limit: 100 }];
      const claimed = await broker.claim({ queues, limit: 100, handles, serverId: "server-b", leaseMs });
      setAside.push(...claimed.setAside);
      await finish(claimed.tasks);
    }
    for (const { group } of await broker.groups(queue)) {
      const limits = { maxSize: 1_000, maxDelayMs: 1_000, gracePeriodMs: 0 };
      const set = await broker.collect({ queue, group, limits, holdMs: 60_000 });
      if (set === undefined) continue;
      setAside.push(...set.setAside);
      await broker.finish(set, undefined);
      for (const { id } of set.messages) run.add(id);
    }
    await broker.reclaim(queue, 100);
    await broker.sweep(queue, 100, { maxCount: 100, maxAgeMs: farAhead });
  }
  return { run, setAside };
}

const states: readonly TaskState[] = [
  "pending",
  "scheduled",
  "active",
  "retry",
  "completed",
  "archived",
  "aggregating",
];

/** Everything that a tool shows of a queue. */
export async function lookAtAll(broker: Broker, queue: string): Promise<void> {
  await broker.queue(queue);
  await broker.history(queue, 3);
  await broker.memory(queue);
  for (const state of states) await broker.list({ queue, state, limit: 100, group: "g" });
  await broker.get(
    queue,
    places.flatMap((place) => [victimOf(place), neighbourOf(place)]),
  );
}

/** The neighbours that must have been run in the end; the archived one is kept, the completed one swept. */
export const neighboursToRun = places.filter((place) => place !== "archived" && place !== "completed").map(neighbourOf);
export const archivedNeighbour = neighbourOf("archived");
export const completedNeighbour = neighbourOf("completed");
