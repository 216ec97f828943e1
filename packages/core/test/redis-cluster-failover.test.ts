import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type RedisCluster, type RedisServer, redisServerPath, startRedisCluster } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { queueKeys } from "../src/broker/redis/keys.ts";
import { keySlot } from "../src/broker/redis/wire/key-slot.ts";
import { Client } from "../src/client/client.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { isStoreAway } from "../src/errors.ts";
import { defineTask } from "../src/task/task.ts";
import { untilReachable } from "./support/until-reachable.ts";
import { aServer, Happenings } from "./worker/stores.ts";

const run = promisify(execFile);
const task = defineTask({ type: "mail" });
const queues = Array.from({ length: 9 }, (_, index) => `queue-${index}`);

describe.skipIf(redisServerPath() === undefined)(
  "a cluster that changes (needs redis-server)",
  { timeout: 120_000 },
  () => {
    let cluster: RedisCluster;
    let broker: Broker;

    beforeEach(async () => {
      cluster = await startRedisCluster(3, { replicas: 1, nodeTimeoutMs: 1_500 });
      broker = redisBroker({ cluster: { addrs: cluster.addrs } });
      await untilReachable(broker, true);
    }, 60_000);
    afterEach(async () => {
      await broker.close();
      await cluster.stop();
    });

    const cli = async (port: number, ...args: string[]): Promise<string> =>
      (await run("redis-cli", ["-p", String(port), ...args])).stdout.trim();

    /** Ranges of slots with their masters' ports. */
    async function holders(port: number): Promise<{ from: number; to: number; port: number; id: string }[]> {
      const lines = (await cli(port, "cluster", "nodes")).split("\n").map((line) => line.split(" "));
      return lines
        .filter((words) => words[2]?.includes("master") && !words[2].includes("fail"))
        .flatMap((words) =>
          words.slice(8).map((range) => {
            const [from = 0, to = from] = range.split("-").map(Number);
            return { from, to, port: Number(/:(\d+)@/.exec(words[1] ?? "")?.[1]), id: words[0] ?? "" };
          }),
        );
    }

    async function nodeOf(queue: string): Promise<{ server: RedisServer; id: string }> {
      const slot = keySlot(queueKeys(queue).pending);
      const all = await holders(cluster.nodes[1]?.port ?? 0);
      const holder = all.find(({ from, to }) => slot >= from && slot <= to);
      const server = cluster.nodes.find(({ port }) => port === holder?.port);
      if (server === undefined || holder === undefined) throw new Error(`nobody holds ${queue}`);
      return { server, id: holder.id };
    }

    function work(): Happenings<string> {
      const ran = new Happenings<string>();
      const server = aServer(broker, { queues: Object.fromEntries(queues.map((queue) => [queue, 1])) });
      server.handle(task, async ({ taskId }) => ran.add(taskId));
      server.start();
      return ran;
    }

    function aPatientClient(): (queue: string, taskId: string) => Promise<void> {
      const client = new Client({ broker });
      onTestFinished(() => client.close());
      return async (queue, taskId) => {
        for (;;) {
          try {
            await client.enqueue(task, undefined, { queue, taskId });
            return;
          } catch (error) {
            if (!isStoreAway(error)) throw error;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      };
    }

    it("runs the tasks of all queues again after a master died and its replica took over", async () => {
      const ran = work();
      const enqueue = aPatientClient();
      await Promise.all(queues.map((queue) => enqueue(queue, `${queue} before`)));
      await ran.reach(queues.length);
      const { server } = await nodeOf(queues[0] ?? "");
      await server.kill();
      await untilReachable(broker, false);
      await Promise.all(queues.map((queue) => enqueue(queue, `${queue} after`)));
      await ran.reach(2 * queues.length);
      await untilReachable(broker, true);
      expect([...ran.all].sort()).toEqual(queues.flatMap((queue) => [`${queue} after`, `${queue} before`]));
      // The old one comes back as a replica.
      await server.restart();
      await Promise.all(queues.map((queue) => enqueue(queue, `${queue} later`)));
      await ran.reach(3 * queues.length);
      expect(await checkStore(broker, { scope: "tasks" })).toEqual([]);
    });

    it("is followed when a slot moves, by calls, by waiting workers, by signals", async () => {
      const [queue = ""] = queues;
      const ran = work();
      const enqueue = aPatientClient();
      await enqueue(queue, "before");
      await ran.reach(1);
      const heard = new Happenings<string>();
      broker.listen((signal) => {
        if (signal.kind === "cancel") heard.add(signal.taskId);
      });
      const slot = String(keySlot(queueKeys(queue).pending));
      const from = await nodeOf(queue);
      const to = (await holders(from.server.port)).find(({ id }) => id !== from.id);
      if (to === undefined) throw new Error("expected another master");
      await cli(to.port, "cluster", "setslot", slot, "importing", from.id);
      await cli(from.server.port, "cluster", "setslot", slot, "migrating", to.id);
      for (;;) {
        const keys = (await cli(from.server.port, "cluster", "getkeysinslot", slot, "100")).split("\n").filter(Boolean);
        if (keys.length === 0) break;
        await cli(from.server.port, "migrate", "127.0.0.1", String(to.port), "", "0", "5000", "keys", ...keys);
      }
      for (const { port } of await holders(from.server.port))
        await cli(port, "cluster", "setslot", slot, "node", to.id);
      await enqueue(queue, "after");
      await ran.reach(2);
      expect(ran.all).toEqual(["before", "after"]);
      await expect(broker.queues()).resolves.toContain(queue);
      const timer = setInterval(() => void broker.send({ kind: "cancel", taskId: "x" }).catch(() => undefined), 50);
      await heard.reach(1);
      clearInterval(timer);
    });

    it("sends a call where a slot on its way says, and refuses what needs both ends", async () => {
      const queue = "on-its-way";
      const slot = String(keySlot(queueKeys(queue).pending));
      const from = await nodeOf(queue);
      const to = (await holders(from.server.port)).find(({ id }) => id !== from.id);
      if (to === undefined) throw new Error("expected another master");
      await cli(to.port, "cluster", "setslot", slot, "importing", from.id);
      await cli(from.server.port, "cluster", "setslot", slot, "migrating", to.id);
      // No key of it is left at the old place, so the new one is asked.
      const policy = { kind: "ordered", discipline: "loose" } as const;
      await expect(broker.declarePolicy({ queue, policy })).resolves.toEqual({ kind: "declared" });
      await expect(broker.pause(queue)).rejects.toMatchObject({ code: "broker_unavailable" });
      expect(await cli(to.port, "cluster", "countkeysinslot", slot)).toBe("1");
      expect(await cli(from.server.port, "cluster", "countkeysinslot", slot)).toBe("0");
    });

    it("is looked through by the doctor, node by node", async () => {
      const client = new Client({ broker });
      onTestFinished(() => client.close());
      for (const queue of queues) await client.enqueue(task, undefined, { queue });
      for (const { port } of await holders(cluster.nodes[0]?.port ?? 0))
        await cli(port, "del", "asynq:queues").catch(() => "");
      const findings = await checkStore(broker, { graceMs: 0 });
      const unknown = findings.filter(({ kind }) => kind === "queue_unknown").map(({ queue }) => queue);
      expect(unknown.sort()).toEqual(queues);
      const settings = findings.filter(({ kind, detail }) => kind === "unsafe_setting" && /appendonly no/.test(detail));
      expect(settings).toHaveLength(3);
      expect(new Set(settings.map(({ detail }) => /node (\S+)/.exec(detail)?.[1])).size).toBe(3);
    });
  },
);
