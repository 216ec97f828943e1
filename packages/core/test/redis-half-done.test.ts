import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";
import { redisBroker } from "../src/broker/redis/index.ts";
import { setAsideLua, takeBackLua, workLua } from "../src/broker/redis/lua/generated.ts";
import { script } from "../src/broker/redis/run-script.ts";
import { Waiting } from "../src/broker/redis/waiting.ts";
import { type Argument, type Link, RedisRefusal } from "../src/broker/redis/wire/link.ts";
import { openLinks } from "../src/broker/redis/wire/links.ts";
import { RedisWork } from "../src/broker/redis/work.ts";
import { systemClock } from "../src/runtime/clock.ts";
import { aClaim, handlesOnly, idsOf, placedNow } from "./support/builders.ts";
import { connectRaw } from "./support/task-places.ts";

const inTwoQueues = { queues: ["default", "other"].map((queue) => ({ queue, limit: 5 })), limit: 10 };
const backFromA = {
  queue: "default",
  serverId: "server-b",
  leaseMs: 30_000,
  from: { kind: "server", serverId: "server-a" },
} as const;

/** The same link, which refuses the calls that the function says; it is told of scripts by their digest. */
function refusing(link: Link, refuses: (digest: string, args: readonly Argument[]) => boolean): Link {
  const digests = new Map([setAsideLua, takeBackLua, workLua].map((lua) => [lua, script(lua, "list").digest]));
  const call: Link["call"] = async (args, options) => {
    const name = String(args[1]);
    if (refuses(digests.get(name) ?? name, args))
      throw new RedisRefusal("OOM command not allowed when used memory > 'maxmemory'.");
    return link.call(args, options);
  };
  return new Proxy(link, { get: (on, key) => (key === "call" ? call : Reflect.get(on, key, on)) });
}

describe.skipIf(redisServerPath() === undefined)(
  "a call of several scripts, one of which fails (needs redis-server)",
  () => {
    async function setup(refuses: Parameters<typeof refusing>[1]) {
      const server = await startRedisServer();
      const broker = redisBroker({ url: server.url });
      const raw = await connectRaw(server.url);
      const links = openLinks({ url: server.url });
      const link = links.command();
      const waiting = new Waiting(links);
      const context = { connection: refusing(link, refuses), clock: systemClock, durability: undefined };
      onTestFinished(async () => {
        waiting.close();
        link.close();
        links.close();
        raw.destroy();
        await broker.close();
        await server.stop();
      });
      link.open();
      await broker.ready();
      return { broker, raw, work: new RedisWork(context, waiting) };
    }

    const workDigest = script(workLua, "list").digest;
    const leasesTasks = {
      code: "answer_lost",
      message: expect.stringMatching(/^tasks were leased before the call failed: .*OOM/),
    };

    it("says that tasks were leased where taking back leased some before it failed", async () => {
      let steps = Number.NEGATIVE_INFINITY;
      const { broker, work } = await setup((digest) => digest === script(takeBackLua, "list").digest && ++steps === 2);
      const items = Array.from({ length: 2_000 }, (_, index) => placedNow({ id: `t${index}` }));
      await broker.enqueue(items);
      while ((await broker.claim(aClaim({ limit: 256 }))).tasks.length > 0);
      // The server knows the script from now on, so that each step is one call.
      await work.takeBack({ ...backFromA, from: { kind: "server", serverId: "nobody" }, limit: 1 });
      steps = 0;
      const failure = work.takeBack({ ...backFromA, limit: 2_000 });
      await expect(failure).rejects.toMatchObject({ ...leasesTasks, cause: { code: "store_rejected" } });
      const { tasks: rest } = await work.takeBack({ ...backFromA, limit: 2_000 });
      expect(rest.length).toBeGreaterThan(0);
      expect(rest.length).toBeLessThan(2_000);
    });

    it("says nothing of leases where taking back failed before any", async () => {
      const { broker, work } = await setup((digest) => digest === script(takeBackLua, "list").digest);
      await broker.enqueue([placedNow()]);
      await broker.claim(aClaim());
      await expect(work.takeBack({ ...backFromA, limit: 5 })).rejects.toMatchObject({ code: "store_rejected" });
    });

    it("hands back what a claim from one queue leased when that from another was refused", async () => {
      const { broker, work } = await setup(
        (digest, args) => digest === workDigest && String(args[3]).includes("{other}"),
      );
      await broker.enqueue([placedNow({ id: "one" }), placedNow({ id: "two", queue: "other" })]);
      await expect(work.claim(aClaim(inTwoQueues))).rejects.toMatchObject({ code: "store_rejected" });
      expect(await broker.get("default", ["one"])).toMatchObject([{ state: "pending", message: { retried: 0 } }]);
    });

    it("says that tasks were leased where they could not be handed back", async () => {
      let calls = 0;
      const { broker, work } = await setup((digest, args) => {
        const isWork = digest === workDigest;
        if (isWork) calls++;
        return isWork && (calls > 2 || String(args[3]).includes("{other}"));
      });
      await broker.enqueue([placedNow({ id: "one" }), placedNow({ id: "two", queue: "other" })]);
      await broker.claim(aClaim({ handles: handlesOnly(["none"]) }));
      await expect(work.claim(aClaim(inTwoQueues))).rejects.toMatchObject(leasesTasks);
      expect(await broker.get("default", ["one"])).toMatchObject([{ state: "active" }]);
    });

    it("says that tasks were leased where one that can't be read was not set aside", async () => {
      let isRefusing = true;
      const { broker, raw, work } = await setup(
        (digest) => isRefusing && digest === script(setAsideLua, "number").digest,
      );
      await broker.enqueue([placedNow({ id: "broken" }), placedNow({ id: "sound" })]);
      await raw.hSet("asynq:{default}:t:broken", "msg", "no message");
      await expect(work.claim(aClaim())).rejects.toMatchObject(leasesTasks);
      isRefusing = false;
      const { tasks, setAside } = await work.takeBack({ ...backFromA, limit: 5 });
      expect([idsOf(tasks.map(({ task }) => task)), setAside.map(({ taskId }) => taskId)]).toEqual([
        ["sound"],
        ["broken"],
      ]);
    });
  },
);
