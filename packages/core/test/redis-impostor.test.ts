import { once } from "node:events";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { ReplyDecoder } from "../src/broker/redis/wire/reply-decoder.ts";
import { noCounts } from "../src/broker/statistics-counts.ts";
import { silentLogger } from "../src/runtime/logger.ts";
import { Server } from "../src/worker/server.ts";
import { aClaim, anAttempt, aTask, bytes, leaseMs, placedAt, placedNow, unique } from "./support/builders.ts";
import { grouped } from "./support/group-builders.ts";

const greeting =
  "%4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n$5\r\nproto\r\n:3\r\n$4\r\nrole\r\n$6\r\nmaster\r\n";
const entry = { entryId: "e1", queue: "default", schedule: "* * * * *", since: 0 };
const lease = { queue: "default", taskId: "t1", token: "s1/1", expiresAt: 0 };
const server = {
  serverId: "s1",
  host: "box",
  pid: 1,
  concurrency: 1,
  queues: { default: 1 },
  strictPriority: false,
  status: "active" as const,
  startedAt: 0,
  activeWorkers: 0,
};
const aSet = { queue: "default", group: "g", setId: "0199e0a4", messages: [], setAside: [], deadlineAt: 60_000 };
const by = { host: "box", pid: 1 };
const archive = { maxCount: 10, maxAgeMs: 1_000 };
const aReport = {
  writer: "s1",
  sequence: 1,
  cells: [{ queue: "default", type: "x", minute: Date.now() - (Date.now() % 60_000), counts: noCounts() }],
};

/** Everything that can be asked of a broker and is answered by the store. */
const calls: Record<string, (broker: Broker) => Promise<unknown>> = {
  appendToTrail: (broker) => broker.appendToTrail({ trail: "t", values: ["{}"], maxEntries: 10, maxAgeMs: 1_000 }),
  addStatistics: (broker) => broker.addStatistics(aReport),
  announce: (broker) => broker.announce({ ...server, details: undefined }, [], 1_000),
  announceEntries: (broker) => broker.announceEntries("s1", [], 1_000),
  archivedSince: (broker) => broker.archivedSince("default", 0, 10),
  beginAlone: (broker) => broker.beginAlone(lease),
  beginTurns: (broker) => broker.beginTurns(entry),
  change: (broker) => broker.change({ kind: "ids", queue: "default", taskIds: ["t1"] }, "run", 10),
  archiveMembers: (broker) => broker.archiveMembers(aSet, [{ message: aTask(), error: "x" }]),
  checkSettings: (broker) => broker.checkSettings(),
  claim: (broker) => broker.claim(aClaim()),
  collect: (broker) =>
    broker.collect({
      queue: "default",
      group: "g",
      holdMs: 1_000,
      limits: { maxSize: 1, maxDelayMs: undefined, gracePeriodMs: 1_000 },
    }),
  durableEntries: (broker) => broker.durableEntries(),
  enqueueEvents: (broker) => broker.enqueueEvents("e1", { limit: 10 }),
  evict: (broker) =>
    broker.evict({ queue: "default", serverId: "s1", refuseForMs: 1_000, limit: 10, attempt: anAttempt() }),
  extend: (broker) => broker.extend([lease], Date.now() + leaseMs),
  findQueues: (broker) => broker.findQueues({ limit: 10 }),
  finish: (broker) => broker.finish(aSet, undefined),
  fireTurn: (broker) => broker.fireTurn({ entryId: "e1", turnAt: 0, item: placedNow(), firedBy: "s1" }),
  forwardDue: (broker) => broker.forwardDue({ queue: "default", limit: 10 }),
  get: (broker) => broker.get("default", ["t1"]),
  getRecords: (broker) => broker.getRecords("c", ["r1"]),
  groups: (broker) => broker.groups("default"),
  history: (broker) => broker.history("default", 2),
  hasQueue: (broker) => broker.hasQueue("default"),
  list: (broker) => broker.list({ queue: "default", state: "pending", limit: 10 }),
  listRecords: (broker) => broker.listRecords({ collection: "c", limit: 10, order: "ascending" }),
  memory: (broker) => broker.memory("default"),
  order: (broker) => broker.order({ orderId: "o1", serverId: "s1", kind: "stop", at: 0, by }, 1_000),
  orderedServers: (broker) => broker.orderedServers(),
  pause: (broker) => broker.pause("default"),
  probeWrites: (broker) => broker.probeWrites([]),
  putBack: (broker) => broker.putBack(aSet),
  putDurableEntry: (broker) =>
    broker.putDurableEntry({
      ...entry,
      spec: "* * * * *",
      timeZone: "UTC",
      definition: "{}",
      paused: false,
      catchUp: "skip",
      revision: 1,
    }),
  putRecords: (broker) => broker.putRecords("c", [{ id: "r1", value: "{}", expected: "any" }]),
  readLog: (broker) => broker.readLog("default", "t1"),
  readTrail: (broker) => broker.readTrail({ trail: "t", limit: 10 }),
  ready: (broker) => broker.ready(),
  queue: (broker) => broker.queue("default"),
  queues: (broker) => broker.queues(),
  readStatistics: (broker) =>
    broker.readStatistics({
      queues: ["default"],
      resolution: "minute",
      from: Date.now(),
      to: Date.now() + 1,
      types: "each",
    }),
  reclaim: (broker) => broker.reclaim("default", 10),
  reconcile: (broker) =>
    broker.reconcile({ queue: "default", limit: 10, repair: true, readMessages: true, archive, graceMs: 0 }),
  recordEvent: (broker) => broker.recordEvent("e1", { taskId: "t1", at: 0 }),
  removeDurableEntry: (broker) => broker.removeDurableEntry("e1"),
  removeQueue: (broker) => broker.removeQueue("default", { force: true, limit: 10 }),
  removeRecords: (broker) => broker.removeRecords("c", [{ id: "r1", expected: "any" }]),
  removeTrail: (broker) => broker.removeTrail("t"),
  resume: (broker) => broker.resume("default"),
  scheduleRecords: (broker) => broker.scheduleRecords(),
  send: (broker) => broker.send({ kind: "schedules_changed" }),
  servers: (broker) => broker.servers(),
  settle: (broker) =>
    broker.settle([
      {
        task: { message: aTask(), lease, pendingSince: undefined, attemptsLost: 0 } as never,
        outcome: { kind: "handed_back" },
      },
    ]),
  silentServers: (broker) => broker.silentServers(),
  standing: (broker) => broker.standing("default", "t1"),
  storeTime: (broker) => broker.storeTime(),
  watch: (broker) => broker.watch(1_000),
  readEvents: (broker) => broker.readEvents({ limit: 1 }),
  sweep: (broker) => broker.sweep("default", 10, archive),
  takeBack: (broker) =>
    broker.takeBack({ queue: "default", limit: 10, serverId: "s1", leaseMs, from: { kind: "server", serverId: "s0" } }),
  takeOver: (broker) => broker.takeOver({ queue: "default", limit: 10, serverId: "s1", leaseMs }),
  unreadableEntries: (broker) => broker.unreadableEntries(),
  withdraw: (broker) => broker.withdraw({ ...server, details: undefined }),
  withdrawEntries: (broker) => broker.withdrawEntries("s1"),
  report: (broker) => broker.report([{ lease, progress: "1", log: { from: 1, lines: ["x"] } }]),
  writeResult: (broker) => broker.writeResult(lease, bytes("x")),
};

/** Those that are answered with `OK`, or with any text, where that can do no harm: what follows from it is asked again. */
const canBeAnsweredOk: ReadonlySet<string> = new Set([
  "releaseLock",
  "waitForWork",
  "editPayload",
  // Tells that it knows no version and no size.
  "facts",
  "reschedule",
  // Of a policy that differs nothing follows but that nothing is taken.
  "declarePolicy",
]);

describe("what answers +OK to everything is believed nothing", () => {
  let impostor: NetServer;
  let broker: Broker;
  const sockets = new Set<Socket>();
  /** Answers each command with what this says. */
  let answer: (command: string) => string;

  beforeEach(async () => {
    impostor = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      const commands = new ReplyDecoder(
        (command) => {
          socket.write(answer(Array.isArray(command) ? String(command[0]) : ""));
        },
        () => undefined,
      );
      socket.on("data", (piece) => commands.feed(piece));
    });
    impostor.listen(0, "127.0.0.1");
    await once(impostor, "listening");
    const { port } = impostor.address() as AddressInfo;
    broker = redisBroker({ url: `redis://127.0.0.1:${port}`, commandTimeoutMs: 2_000 });
  });
  afterEach(async () => {
    await broker.close();
    for (const socket of sockets) socket.destroy();
    impostor.close();
  });

  it("not even with its greeting: it is no Redis, and nothing was stored", async () => {
    answer = () => "+OK\r\n";
    await expect(broker.ready()).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(broker.reachability().reason).toMatch(/is no Redis: expected it to tell of itself when greeted, got "OK"/);
    const [outcome] = await broker.enqueue([placedNow()]);
    expect(outcome).toMatchObject({ kind: "failed", error: { code: "broker_unavailable" } });
  });

  it.each([
    ["now", [placedNow()]],
    ["many, in a transaction where it can be", Array.from({ length: 3 }, () => ({ ...placedNow(), hasNewId: true }))],
    ["later", [placedAt(Date.now() + 60_000)]],
    ["once", [unique(placedNow())]],
    ["in a group", [grouped()]],
  ])("and no task, placed %s, was accepted", async (_how, items) => {
    answer = (command) => (command === "HELLO" ? greeting : "+OK\r\n");
    // The second time it has been asked whether it knows transactions.
    for (let time = 0; time < 2; time++) {
      for (const outcome of await broker.enqueue(items)) {
        expect(outcome).toMatchObject({ kind: "failed", error: { code: "answer_lost" } });
      }
    }
  });

  it.each([1, 3])(
    "and a worker on %i queues asks it ever less often, though each answer may have been lost",
    async (count) => {
      let asked = 0;
      answer = (command) => {
        if (command === "EVALSHA") asked++;
        return command === "HELLO" ? greeting : "+OK\r\n";
      };
      const queues = Object.fromEntries(["default", "other", "third"].slice(0, count).map((name) => [name, 1]));
      const worker = new Server({ broker, queues, logger: silentLogger, shutdownTimeout: "0s", abortGrace: "200ms" });
      worker.handleRaw("t", () => undefined).start();
      await vi.waitFor(() => expect(asked).toBeGreaterThan(5));
      await delay(1_500);
      const before = asked;
      await delay(2_000);
      expect(asked - before).toBeLessThan(30 + 30 * count);
      await worker.stop();
    },
    20_000,
  );

  it.each(Object.keys(calls))("and no success comes of %s", async (name) => {
    answer = (command) => (command === "HELLO" ? greeting : "+OK\r\n");
    await expect(calls[name]?.(broker)).rejects.toMatchObject({ code: "answer_lost" });
  });

  it("which was asked of every call that there is", () => {
    const methods = Object.entries(broker).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
    const local = [
      "close",
      "forget",
      "listen",
      "onReachability",
      "reachability",
      "writeHealth",
      "enqueue",
      "tell",
      "mayBeWatched",
    ];
    const asked = new Set([...Object.keys(calls), ...canBeAnsweredOk, ...local]);
    expect(methods.filter((name) => !asked.has(name))).toEqual([]);
  });
});
