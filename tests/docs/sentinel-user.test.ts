import { redisServerPath, startRedisSentinels } from "@hikyaku/test-support";
import { Inspector } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../integration/development-scripts.ts";
import { eventually } from "../integration/support/app-process.ts";
import { proseOf } from "./support/pages.ts";

describe.skipIf(redisServerPath() === undefined)("the sentinels' user in docs/redis-in-production.md", () => {
  it("may do all that is asked of the sentinels (needs redis-server)", async () => {
    const [, rules = ""] = /The sentinels' user needs\s+`([^`]+)`/.exec(proseOf("docs/redis-in-production.md")) ?? [];
    const redis = await startRedisSentinels();
    onTestFinished(() => redis.stop());
    const words = ["on", ">secret", "resetchannels", "-@all", ...rules.split(" ")];
    for (const { port } of redis.sentinels) {
      expect((await run("redis-cli", ["-p", String(port), "acl", "setuser", "app", ...words])).stdout).toBe("OK\n");
    }
    const broker = redisBroker({
      sentinel: { masterName: redis.masterName, addrs: redis.addrs, username: "app", password: "secret" },
    });
    onTestFinished(() => broker.close());
    await eventually(60_000, () => new Inspector({ broker }).queues());
    // Each is listened to, on both of its channels.
    await eventually(60_000, async () => {
      for (const { port } of redis.sentinels) {
        const { stdout } = await run("redis-cli", ["-p", String(port), "client", "list"]);
        expect(stdout).toMatch(/ sub=2 .* user=app /);
      }
    });
    for (const { port } of redis.sentinels) {
      expect((await run("redis-cli", ["-p", String(port), "acl", "log"])).stdout.trim()).toBe("");
    }
  });
});
