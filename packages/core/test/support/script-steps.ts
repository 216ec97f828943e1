import type { Broker } from "../../src/broker/broker.ts";
import type { ServerRecord } from "../../src/broker/presence-facet.ts";
import { countPlaces, noCounts } from "../../src/broker/statistics-counts.ts";
import { periodBegin } from "../../src/broker/statistics-resolution.ts";
import type { ClaimedTask, Outcome } from "../../src/broker/work-facet.ts";
import { checkStore } from "../../src/doctor/check-store.ts";
import { aClaim, anAttempt, bytes, claimed, handlesOnly, leaseMs, placedAt, placedNow, unique } from "./builders.ts";
import type { FakeClock } from "./fake-clock.ts";
import { collected, grouped, taken } from "./group-builders.ts";

/** What Redis can be asked to hold besides what a broker writes: words of `redis-cli`. */
type Raw = (...words: string[]) => Promise<unknown>;

/** One call of a broker, and the state that it finds. Ids are fixed, so that the same step can be looked at twice. */
export interface ScriptStep {
  readonly name: string;
  /** Several calls of Redis, between which a task may be in a third place. */
  readonly hasParts?: true;
  prepare(broker: Broker, clock: FakeClock, raw: Raw): Promise<(broker: Broker) => Promise<unknown>>;
}

const queue = "default";
const key = (name: string): string => `asynq:{${queue}}:${name}`;
const archive = { maxCount: 2, maxAgeMs: 90 * 86_400_000 };
const minuteMs = 60_000;

function ids(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

async function waiting(broker: Broker, count: number, type = "email:send"): Promise<void> {
  await broker.enqueue(ids("w", count).map((id) => placedNow({ id, type })));
}

async function held(broker: Broker, count: number): Promise<readonly ClaimedTask[]> {
  await broker.enqueue(
    ids("h", count).map((id) => unique(placedNow({ id, payload: bytes(id), retentionMs: minuteMs }))),
  );
  return claimed(broker, { limit: count, token: "server-a/1" });
}

function settling(
  name: string,
  outcomeOf: (index: number, now: number) => Outcome,
  { count = 3, thenClaims = false } = {},
): ScriptStep {
  return {
    name,
    async prepare(broker, clock) {
      await held(broker, 2);
      const tasks = await claimedMore(broker, count);
      const settlements = tasks.map((task, index) => ({
        task,
        outcome: outcomeOf(index, clock.now()),
        attempt: anAttempt(),
      }));
      await waiting(broker, 2);
      const thenClaim = thenClaims ? aClaim({ limit: 1, token: "server-a/3" }) : undefined;
      return (other) => other.settle(settlements, thenClaim);
    },
  };
}

async function claimedMore(broker: Broker, count: number): Promise<readonly ClaimedTask[]> {
  await broker.enqueue(ids("s", count).map((id) => unique(placedNow({ id, payload: bytes(id) }))));
  return claimed(broker, { limit: count, token: "server-a/2" });
}

const outcomes = (now: number): Outcome[] => [
  { kind: "done" },
  { kind: "completed", result: bytes("result") },
  { kind: "retry", at: now + 12_345, counted: true, error: "x" },
  { kind: "archived", error: "x" },
  { kind: "handed_back" },
];

const said = { progress: '{"done":1}', log: { from: 1, lines: ['{"text":"one"}', '{"text":"two"}'] } };

function changing(change: "run" | "archive" | "delete"): ScriptStep[] {
  const states = ["pending", "scheduled", "archived", "aggregating"] as const;
  const prepare: ScriptStep["prepare"] = async (broker, clock) => {
    await waiting(broker, 2);
    await broker.enqueue(ids("at", 2).map((id) => unique(placedAt(clock.now() + 1_234, { id, payload: bytes(id) }))));
    await broker.enqueue(ids("g", 2).map((id) => grouped({ id })));
    await broker.enqueue(ids("old", 2).map((id) => placedAt(clock.now() + minuteMs, { id })));
    await broker.change({ kind: "ids", queue, taskIds: ids("old", 2) }, "archive", 10);
    return async () => undefined;
  };
  const named: ScriptStep = {
    name: `${change} named tasks`,
    async prepare(...args) {
      await prepare(...args);
      const taskIds = ["w0", "at0", "g0", "old0"];
      return (broker) => broker.change({ kind: "ids", queue, taskIds }, change, 10);
    },
  };
  const whole = states
    .filter((state) => !(change === "run" && state === "pending") && !(change === "archive" && state === "archived"))
    .map((state): ScriptStep => {
      const selection = { kind: "state", queue, state, ...(state === "aggregating" && { group: "letters" }) } as const;
      return {
        name: `${change} all that are ${state}`,
        async prepare(...args) {
          await prepare(...args);
          return (broker) => broker.change(selection as Parameters<Broker["change"]>[0], change, 10);
        },
      };
    });
  return [named, ...whole];
}

function aServer(clock: FakeClock): ServerRecord {
  return {
    serverId: "server-a",
    host: "host-1",
    pid: 100,
    concurrency: 10,
    queues: { [queue]: 3 },
    strictPriority: false,
    status: "active",
    startedAt: clock.now() - 5_000,
    activeWorkers: 0,
    details: {
      version: "1.2.3",
      directory: "/srv/app",
      commandLine: "node worker.ts",
      handles: { kind: "all" },
      lastClaimAt: undefined,
    },
  };
}

async function aSet(broker: Broker, clock: FakeClock, count: number) {
  for (let from = 0; from < count; from += 200) {
    const some = ids("m", count).slice(from, from + 200);
    await broker.enqueue(some.map((id) => unique(grouped({ id, payload: bytes(id) }), 86_400_000)));
  }
  clock.advance(2 * minuteMs);
  return taken(broker);
}

const groupSteps: ScriptStep[] = [
  {
    name: "collect a whole group",
    async prepare(broker, clock) {
      await broker.enqueue(ids("m", 3).map((id) => grouped({ id })));
      clock.advance(2 * minuteMs);
      return (other) => collected(other);
    },
  },
  {
    name: "collect a part of a group",
    async prepare(broker) {
      await broker.enqueue(ids("m", 3).map((id) => grouped({ id })));
      return (other) => collected(other, { limits: { maxSize: 2 } });
    },
  },
  ...[3, 600].map(
    (count): ScriptStep => ({
      name: `finish a set of ${count}`,
      ...(count > 500 && { hasParts: true }),
      async prepare(broker, clock) {
        const set = await aSet(broker, clock, count);
        const item = unique(placedNow({ id: "made", payload: bytes("m0") }));
        return (other) => other.finish(set, item);
      },
    }),
  ),
  {
    name: "archive members of a set",
    async prepare(broker, clock) {
      const set = await aSet(broker, clock, 3);
      return (other) =>
        other.archiveMembers(
          set,
          set.messages.slice(1).map((message) => ({ message, error: "x" })),
        );
    },
  },
  ...[0, 2].map(
    (others): ScriptStep => ({
      name: `put a set back into a group of ${others}`,
      async prepare(broker, clock) {
        const set = await aSet(broker, clock, 3);
        await broker.enqueue(ids("o", others).map((id) => grouped({ id })));
        return (other) => other.putBack(set);
      },
    }),
  ),
  {
    name: "put a large set back into a group of 1",
    hasParts: true,
    async prepare(broker, clock) {
      await aSet(broker, clock, 600);
      await broker.enqueue([grouped({ id: "o" })]);
      clock.advance(10 * minuteMs);
      return (other) => other.reclaim(queue, 10);
    },
  },
];

const workSteps: ScriptStep[] = [
  {
    name: "keep what handlers say",
    async prepare(broker) {
      const tasks = await held(broker, 3);
      return (other) => other.report(tasks.map(({ lease }) => ({ lease, ...said })));
    },
  },
  {
    name: "settle with what handlers said last",
    async prepare(broker, clock) {
      const tasks = await held(broker, 5);
      const kinds = outcomes(clock.now());
      return (other) =>
        other.settle(
          tasks.map((task, index) => ({ task, outcome: kinds[index] ?? { kind: "handed_back" }, report: said })),
        );
    },
  },
  {
    name: "enqueue one that waits in line",
    prepare: async (broker) => {
      await waiting(broker, 2);
      return (other) => other.enqueue([placedNow({ id: "n" })]);
    },
  },
  {
    name: "enqueue of every kind",
    prepare: async (broker, clock) => {
      await waiting(broker, 2);
      const at = clock.now() + 1_234;
      const items = [
        placedNow({ id: "n" }),
        unique(placedNow({ id: "u", payload: bytes("u") })),
        placedAt(at, { id: "a" }),
        unique(placedAt(at + 1_000, { id: "ua", payload: bytes("ua"), timeoutMs: 1_234 })),
        grouped({ id: "g" }),
        placedAt(at + 2_000, { id: "ga", group: "letters" }),
        placedNow({ id: "w0" }),
      ];
      return (other) => other.enqueue(items);
    },
  },
  {
    name: "claim many",
    async prepare(broker) {
      await waiting(broker, 20);
      return (other) => other.claim(aClaim({ limit: 18, token: "server-a/9" }));
    },
  },
  {
    name: "claim among what can't be taken",
    async prepare(broker, _clock, raw) {
      await waiting(broker, 3);
      await broker.enqueue(ids("other", 3).map((id) => placedNow({ id, type: "other" })));
      await raw("RPUSH", key("pending"), "ghost", "string");
      await raw("SET", key("t:string"), "x");
      await broker.enqueue([placedNow({ id: "last" })]);
      return (other) => other.claim(aClaim({ limit: 5, handles: handlesOnly(["email:send"]), token: "server-a/9" }));
    },
  },
  {
    name: "pause a queue for somebody",
    async prepare(broker) {
      await waiting(broker, 2);
      return (other) => other.pause(queue, undefined, { who: "ana" });
    },
  },
  {
    name: "claim the next of an ordered queue",
    async prepare(broker) {
      await waiting(broker, 3);
      await broker.declarePolicy({ queue, policy: { kind: "ordered", discipline: "strict" } });
      return (other) => other.claim(aClaim({ limit: 1, token: "server-a/9" }));
    },
  },
  settling("settle what is done, and claim", () => ({ kind: "done" }), { thenClaims: true }),
  ...[1, 2, 3, 4].map((kind) =>
    settling(`settle what is ${outcomes(0)[kind]?.kind}`, (_, now) => outcomes(now)[kind] ?? { kind: "done" }),
  ),
  settling("settle all at once", (index, now) => outcomes(now)[index % 5] ?? { kind: "done" }, { count: 10 }),
  {
    name: "settle some of many",
    async prepare(broker) {
      await waiting(broker, 20);
      const tasks = await claimed(broker, { limit: 20, token: "server-a/9" });
      const some = tasks.filter((_, index) => index % 2 === 0);
      return (other) => other.settle(some.map((task) => ({ task, outcome: { kind: "done" } })));
    },
  },
  {
    name: "extend leases",
    async prepare(broker, clock) {
      const tasks = await held(broker, 3);
      return (other) =>
        other.extend(
          tasks.map(({ lease }) => lease),
          clock.now() + 2 * leaseMs,
        );
    },
  },
  {
    name: "take over what nobody extends",
    async prepare(broker, clock, raw) {
      await held(broker, 3);
      await raw("LPUSH", key("active"), "ghost", "string");
      await raw("ZADD", key("lease"), "1", "ghost", "1", "string");
      await raw("SET", key("t:string"), "x");
      clock.advance(leaseMs + minuteMs);
      return (other) => other.takeOver({ queue, limit: 10, serverId: "server-b", leaseMs, token: "server-b/1" });
    },
  },
  {
    name: "take back from a dead server",
    async prepare(broker) {
      await held(broker, 3);
      const from = { kind: "server", serverId: "server-a" } as const;
      return (other) => other.takeBack({ queue, limit: 10, serverId: "server-b", leaseMs, token: "server-b/1", from });
    },
  },
  {
    name: "set aside what can't be read",
    hasParts: true,
    async prepare(broker, _clock, raw) {
      await waiting(broker, 1);
      await raw("HSET", key("t:w0"), "msg", "\u0001garbage");
      return (other) => other.claim(aClaim({ token: "server-a/9" }));
    },
  },
  {
    name: "write a result",
    async prepare(broker) {
      const [task] = await held(broker, 1);
      return async (other) => task && other.writeResult(task.lease, bytes("r"));
    },
  },
  {
    name: "evict a server",
    async prepare(broker) {
      await held(broker, 3);
      const request = { queue, serverId: "server-a", refuseForMs: minuteMs, limit: 10, attempt: anAttempt() };
      return (other) => other.evict(request);
    },
  },
];

const upkeepSteps: ScriptStep[] = [
  {
    name: "bring what is due to its place",
    async prepare(broker, clock, raw) {
      const at = clock.now() + 1_234;
      await broker.enqueue([
        placedAt(at, { id: "a" }),
        placedAt(Math.ceil(at / 1_000) * 1_000, { id: "b" }),
        placedAt(at, { id: "ga", group: "letters" }),
        placedAt(at, { id: "bad", group: "broken" }),
        placedAt(at + minuteMs, { id: "later" }),
      ]);
      await raw("ZADD", key("scheduled"), "1", "ghost", "1", "string");
      await raw("SET", key("t:string"), "x");
      await raw("SET", key("g:broken"), "x");
      clock.advance(10_000);
      return (other) => other.forwardDue({ queue, limit: 10 });
    },
  },
  {
    name: "sweep",
    async prepare(broker, clock) {
      const tasks = await held(broker, 4);
      const [first, second, ...rest] = tasks.map(
        (task) => ({ task, outcome: { kind: "archived", error: "x" } }) as const,
      );
      if (first === undefined || second === undefined) throw new Error("expected four tasks");
      await broker.settle([
        { task: first.task, outcome: { kind: "completed", result: undefined } },
        { task: second.task, outcome: { kind: "completed", result: undefined } },
        ...rest,
      ]);
      clock.advance(2 * minuteMs);
      return (other) => other.sweep(queue, 3, { ...archive, maxCount: 1 });
    },
  },
  {
    name: "edit a payload",
    async prepare(broker) {
      await broker.enqueue([unique(placedNow({ id: "e", payload: bytes("old") }))]);
      return (other) => other.editPayload({ queue, taskId: "e", payload: bytes("new") });
    },
  },
  ...(["w0", "at0", "g0", "old0"] as const).map(
    (id): ScriptStep => ({
      name: `reschedule ${id}`,
      async prepare(broker, clock) {
        await waiting(broker, 2);
        await broker.enqueue([
          unique(placedAt(clock.now() + 1_234, { id: "at0", payload: bytes("at0") })),
          grouped({ id: "g0" }),
          placedAt(clock.now() + minuteMs, { id: "old0" }),
        ]);
        await broker.change({ kind: "ids", queue, taskIds: ["old0"] }, "archive", 10);
        return (other) => other.reschedule({ queue, taskId: id, at: clock.now() + 2_345 });
      },
    }),
  ),
  {
    name: "fire a turn",
    async prepare(broker, clock) {
      const turnAt = clock.now() - 1_000;
      await broker.beginTurns({ entryId: "entry", queue, schedule: "* * * * *", since: clock.now() - minuteMs });
      return (other) =>
        other.fireTurn({ entryId: "entry", turnAt, item: placedNow({ id: "turn" }), firedBy: "scheduler-a" });
    },
  },
  {
    name: "repair what contradicts itself",
    async prepare(broker, clock, raw) {
      await waiting(broker, 3);
      await raw("LREM", key("pending"), "1", "w1");
      await raw("ZADD", key("archived"), "5", "w2");
      await broker.enqueue([unique(placedAt(clock.now() + 1_234, { id: "at", payload: bytes("at") }))]);
      await raw("ZREM", key("scheduled"), "at");
      await raw("ZADD", key("completed"), "5", "ghost");
      await raw("HSET", key("t:rest"), "state", "pending");
      await broker.enqueue([grouped({ id: "g" })]);
      await raw("DEL", key("groups"));
      await raw("SET", key("unique:gone:"), "nobody", "EX", "600");
      await raw("ZADD", "hikyaku:{default}:due", "1", "nobody");
      await raw("HSET", key("t:odd"), "msg", "\u0001garbage", "state", "retry");
      await raw("ZADD", key("retry"), "9999999999", "odd");
      return (other) => checkStore(other, { scope: "tasks", graceMs: 0, repair: true });
    },
  },
  {
    name: "write records",
    async prepare(broker, clock) {
      const endsAt = clock.now() + minuteMs;
      await broker.putRecords("things", [
        { id: "ended", value: "{}", expected: "any", endsAt: clock.now() + 1 },
        { id: "ends", value: "{}", expected: "any", endsAt },
      ]);
      clock.advance(1);
      return (other) =>
        other.putRecords("things", [
          { id: "ends", value: "{}", expected: "any" },
          { id: "new", value: "{}", expected: "absent", endsAt },
        ]);
    },
  },
  {
    name: "remove records",
    async prepare(broker, clock) {
      const endsAt = clock.now() + minuteMs;
      await broker.putRecords("things", [
        { id: "a", value: "{}", expected: "any" },
        { id: "b", value: "{}", expected: "any", endsAt },
      ]);
      return (other) =>
        other.removeRecords("things", [
          { id: "a", expected: "any" },
          { id: "b", expected: "any" },
        ]);
    },
  },
  {
    name: "append to a trail",
    async prepare(broker) {
      const append = { trail: "audit", values: ["a", "b", "c"], maxEntries: 3, maxAgeMs: minuteMs };
      await broker.appendToTrail(append);
      return (other) => other.appendToTrail(append);
    },
  },
  {
    name: "add statistics",
    async prepare(broker, clock) {
      const minute = periodBegin("minute", clock.now());
      const counts = noCounts();
      counts[countPlaces.enqueued] = 3;
      const cells = ["mail", "sms"].map((type) => ({ queue, type, minute, counts }));
      await broker.addStatistics({ writer: "a", sequence: 1, cells });
      return (other) => other.addStatistics({ writer: "a", sequence: 2, cells });
    },
  },
  {
    name: "tell of a server",
    prepare: async (_broker, clock) => (other) => other.announce(aServer(clock), [], 10_000),
  },
  {
    name: "remove a queue",
    hasParts: true,
    async prepare(broker, clock) {
      await waiting(broker, 2);
      await broker.enqueue([placedAt(clock.now() + 1_234, { id: "a" }), grouped({ id: "g" })]);
      return async (other) => {
        let answer = await other.removeQueue(queue, { force: true, limit: 10 });
        while (answer.kind === "more") {
          answer = await other.removeQueue(queue, { force: true, limit: 10, cursor: answer.cursor });
        }
      };
    },
  },
];

/** A step for each script that writes, and for each way through those that have several. */
export const scriptSteps: readonly ScriptStep[] = [
  ...workSteps,
  ...upkeepSteps,
  ...groupSteps,
  ...changing("run"),
  ...changing("archive"),
  ...changing("delete"),
];
