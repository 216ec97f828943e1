import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { Client, defineTask } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectFolder, run } from "./development-scripts.ts";

const page = readFileSync(join(projectFolder, "docs/redis-insight-in-production.md"), "utf8");
const missing = redisServerPath() === undefined;

describe.skipIf(missing)(
  "the user that can only look, of docs/redis-insight-in-production.md (needs redis-server)",
  () => {
    let folder: string;
    let redis: RedisServer;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "hikyaku-looker-"));
      const [, line = ""] = /^```acl\n(user looker .*)$/m.exec(page) ?? [];
      const users = ["user default on nopass ~* &* +@all", line.replace("<password>", "secret")];
      await writeFile(join(folder, "users.acl"), `${users.join("\n")}\n`);
      redis = await startRedisServer({ args: ["--aclfile", join(folder, "users.acl")] });
      const broker = redisBroker({ addr: `127.0.0.1:${redis.port}` });
      const client = new Client({ broker });
      await client.enqueue(defineTask({ type: "mail" }), {}, { in: "1h", taskId: "later", uniqueFor: "1h" });
      await client.enqueue(defineTask({ type: "mail" }), {}, { taskId: "soon" });
      await broker.close();
      await redisCli("set", "somebody-else:secret", "1");
    });
    afterAll(async () => {
      await redis.stop();
      await rm(folder, { recursive: true });
    });

    async function redisCli(...words: readonly string[]): Promise<string> {
      return (await run("redis-cli", ["-p", String(redis.port), ...words])).stdout.trim();
    }

    function looker(...words: readonly string[]): Promise<string> {
      return redisCli("--user", "looker", "--pass", "secret", "--no-auth-warning", ...words);
    }

    it("is the same in both languages", () => {
      const [english, japanese] = [
        page,
        readFileSync(join(projectFolder, "docs/ja/redis-insight-in-production.md"), "utf8"),
      ];
      expect(/^user looker .*$/m.exec(japanese)?.[0]).toBe(/^user looker .*$/m.exec(english)?.[0]);
    });

    it("reads every key of the queues", async () => {
      const keys = (await looker("scan", "0", "count", "1000")).split("\n").slice(1);
      const ours = keys.filter((key) => key.startsWith("asynq:"));
      expect(ours).toContain("asynq:{default}:t:later");
      const reads: Readonly<Record<string, readonly string[]>> = {
        hash: ["hgetall"],
        list: ["lrange", "0", "-1"],
        set: ["smembers"],
        zset: ["zrange", "0", "-1", "withscores"],
        string: ["get"],
      };
      for (const key of ours) {
        const [command = "", ...rest] = reads[await looker("type", key)] ?? [];
        const answer = await looker(command, key, ...rest);
        expect(answer, key).not.toMatch(/NOPERM|ERR/);
        expect(answer, key).not.toBe("");
      }
      for (const words of [
        ["ping"],
        ["info", "server"],
        ["ttl", "asynq:queues"],
        ["memory", "usage", "asynq:queues"],
      ]) {
        expect(await looker(...words)).not.toMatch(/NOPERM|ERR/);
      }
    });

    it("may run no command that writes, nor one that holds up or shows more than the queues", async () => {
      const inCategory = async (name: string) => (await redisCli("acl", "cat", name)).trim().split("\n");
      const [reading, writing] = [await inCategory("read"), new Set(await inCategory("write"))];
      expect(reading).toContain("hgetall");
      expect(reading.filter((name) => writing.has(name))).toEqual([]);
      const refused = [
        "set asynq:x 1",
        "del asynq:queues",
        "zadd asynq:x 1 y",
        "hset asynq:x f 1",
        "flushall",
        "keys *",
      ];
      refused.push(
        "monitor",
        "config get *",
        "eval return 0",
        "publish asynq:cancel x",
        "acl list",
        "client list",
        "script flush",
      );
      refused.push("get somebody-else:secret", "shutdown nosave", "rename asynq:queues asynq:x");
      for (const command of refused)
        expect(await looker(...command.split(" ")), command).toMatch(/^NOPERM|^\(error\) NOPERM/);
    });
  },
);
