import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { RESP_TYPES } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Broker } from "../src/broker/broker.ts";
import { redisBroker } from "../src/broker/redis/index.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { isHikyakuError } from "../src/errors.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { type ScriptStep, scriptSteps } from "./support/script-steps.ts";
import { connectRaw, type Raw, strandedIn, taskPlaces } from "./support/task-places.ts";

/*
 * A script that fails does not undo what it did. Here every command that a script runs is refused in turn, and every task
 * must be where it was or where it should be.
 */

/** A state of Redis: its keys as `DUMP` tells them. */
type Picture = readonly { readonly key: string; readonly bytes: Buffer; readonly ttl: number }[];

/** A step, the state that it finds, and the one that it leaves where nothing is refused. */
interface Seen {
  readonly step: ScriptStep;
  readonly clock: FakeClock;
  readonly act: (broker: Broker) => Promise<unknown>;
  readonly picture: Picture;
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  readonly commands: readonly string[];
}

async function pictureOf(raw: Raw): Promise<Picture> {
  const bytesOf = raw.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const keys = await raw.keys("*");
  return Promise.all(
    keys.map(async (key) => ({
      key,
      bytes: (await bytesOf.dump(key)) as unknown as Buffer,
      ttl: Math.max(0, await raw.pTTL(key)),
    })),
  );
}

async function restore(raw: Raw, picture: Picture): Promise<void> {
  await raw.flushAll();
  await Promise.all(picture.map(({ key, bytes, ttl }) => raw.restore(key, ttl, bytes)));
}

const notOurs =
  /^(info|config|acl|eval|evalsha|script|ping|client|hello|dump|keys|pttl|type|select|time|flushall)(\||$)/;

async function commandsOf(raw: Raw): Promise<string[]> {
  const stats = await raw.info("commandstats");
  const names = [...stats.matchAll(/^cmdstat_([a-z|]+):/gm)].map(([, name = ""]) => name);
  return names.filter((name) => !notOurs.test(name));
}

/** A call of which a part was carried out before the refusal, such as a claim, says so by another code. */
function isRefusal(failure: unknown): boolean {
  return isHikyakuError(failure, "store_rejected") || isHikyakuError(failure, "answer_lost");
}

describe.skipIf(redisServerPath() === undefined)("a script of which a command is refused (needs redis-server)", () => {
  let server: RedisServer;
  let raw: Raw;
  beforeAll(async () => {
    server = await startRedisServer();
    raw = await connectRaw(server.url);
  });
  afterAll(async () => {
    raw.destroy();
    await server.stop();
  });

  function open(to: RedisServer, clock: FakeClock, user = ""): Broker {
    const broker = redisBroker({ url: to.url.replace("//", `//${user}`), clock });
    onTestFinished(() => broker.close());
    return broker;
  }

  async function see(step: ScriptStep): Promise<Seen> {
    await raw.flushAll();
    const clock = new FakeClock();
    const broker = open(server, clock);
    await broker.ready();
    const act = await step.prepare(broker, clock, (...words) => raw.sendCommand(words));
    const [picture, before] = [await pictureOf(raw), await taskPlaces(raw)];
    await raw.configResetStat();
    await act(broker);
    const commands = await commandsOf(raw);
    return { step, clock, act, picture, before, after: await taskPlaces(raw), commands };
  }

  /** What is wrong with the tasks now; empty where each is where it was or where it should be. */
  function astray({ step, before, after }: Seen, now: ReadonlyMap<string, string>): string[] {
    const ids = new Set([...before.keys(), ...after.keys(), ...now.keys()]);
    if (step.hasParts) return strandedIn(now);
    return [...ids].flatMap((id) => {
      const [was, shall, is] = [before, after, now].map((places) => places.get(id) ?? "nowhere");
      return is === was || is === shall ? [] : [`${id} was ${was}, should be ${shall}, and is ${is}`];
    });
  }

  async function findingsOf(broker: Broker): Promise<string[]> {
    const findings = await checkStore(broker, { scope: "tasks", graceMs: 0 });
    return findings.map(({ kind, taskId }) => `${kind} ${taskId ?? ""}`);
  }

  it.each(scriptSteps)("$name: leaves every task where it was or where it should be", async (step) => {
    const seen = await see(step);
    const { clock, act, picture, before, after, commands } = seen;
    const usual = new Set(await findingsOf(open(server, clock)));
    await raw.sendCommand(["ACL", "SETUSER", "modest", "reset", "on", ">secret", "~*", "&*", "+@all"]);
    await restore(raw, picture);
    const broker = open(server, clock, "modest:secret@");
    for (const finding of await findingsOf(broker)) usual.add(finding);
    // Of a large set that was made one task, what is left is removed afterwards, by whoever may.
    if (step.hasParts) usual.add("stale_set ");
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      await restore(raw, picture);
      await raw.sendCommand(["ACL", "SETUSER", "modest", `-${command}`]);
      const failure: unknown = await act(broker).then(
        () => undefined,
        (error: unknown) => error,
      );
      await raw.sendCommand(["ACL", "SETUSER", "modest", `+${command}`]);
      const now = await taskPlaces(raw);
      const about = `${step.name}, without ${command}: ${String(failure)}`;
      expect(astray(seen, now), about).toEqual([]);
      if (strandedIn(before).length === 0) expect(strandedIn(now), about).toEqual([]);
      expect(
        (await findingsOf(broker)).filter((finding) => !usual.has(finding)),
        about,
      ).toEqual([]);
      if (failure === undefined) continue;
      expect(isRefusal(failure), about).toBe(true);
      // And it goes on from there.
      await act(broker);
      expect(astray({ ...seen, before: after }, await taskPlaces(raw)), `${about}; then again`).toEqual([]);
    }
  });

  const fixedKeys = [
    ...["pending", "active", "lease", "scheduled", "retry", "archived", "completed", "groups", "aggregation_sets"].map(
      (name) => `asynq:{default}:${name}`,
    ),
    "hikyaku:{default}:due",
    "hikyaku:{default}:leftovers",
    "hikyaku:{default}:policy",
  ];

  it.each(scriptSteps)("$name: strands no task where something else lies in a list's place", async (step) => {
    const seen = await see(step);
    const broker = open(server, seen.clock);
    for (const key of fixedKeys.filter((name) => !seen.picture.some((there) => there.key === name))) {
      await restore(raw, seen.picture);
      await raw.set(key, "something else");
      const failure: unknown = await seen.act(broker).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!step.hasParts) expect(await raw.get(key), key).toBe("something else");
      await raw.del(key);
      const about = `${step.name}, with something else in ${key}: ${String(failure)}`;
      expect(astray(seen, await taskPlaces(raw)), about).toEqual([]);
      if (failure === undefined) continue;
      expect(isRefusal(failure), about).toBe(true);
      await seen.act(broker);
      expect(astray({ ...seen, before: seen.after }, await taskPlaces(raw)), `${about}; then again`).toEqual([]);
    }
  });

  it.each(["object", "ltrim", "lpush", "hset", "zadd", "zrem", "lrem", "del", "publish"])(
    "leaves every task in its place where the server does not know %s",
    async (command) => {
      const other = await startRedisServer({ args: ["--rename-command", command, ""] });
      const admin = await connectRaw(other.url);
      onTestFinished(async () => {
        admin.destroy();
        await other.stop();
      });
      let met = 0;
      for (const step of scriptSteps) {
        const seen = await see(step);
        if (!seen.commands.some((name) => name.split("|")[0] === command)) continue;
        met++;
        await restore(admin, seen.picture);
        await seen.act(open(other, seen.clock)).catch(() => undefined);
        expect(astray(seen, await taskPlaces(admin)), step.name).toEqual([]);
      }
      expect(met).toBeGreaterThan(0);
    },
  );
});
