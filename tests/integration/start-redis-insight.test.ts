import { freePort } from "@hikyaku/test-support";
import { describe, expect, it } from "vitest";
import { dockerStandIn, type Ended, run } from "./development-scripts.ts";

const redisRuns = `*docker-compose.redis.yml\\ ps*) echo 0123456789abcdef ;;`;

function startInsight(verb: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  return run("scripts/start-redis-insight.sh", [verb], env);
}

describe("start-redis-insight.sh", { timeout: 60_000 }, () => {
  it("gives the connection to the container of start-redis.sh by its name in their network", async () => {
    await using docker = await dockerStandIn(redisRuns);
    const addr = `localhost:${await freePort()}`;
    const ended = await startInsight("start", { PATH: docker.path, HIKYAKU__REDIS__JOBQUEUE__ADDR: addr });
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining("http://127.0.0.1:8001") });
    const calls = await docker.calls();
    expect(calls).toMatch(/compose -f \S+docker-compose\.redis-insight\.yml up --detach --wait/);
    expect(calls).toContain("RI_REDIS_HOST=redis\nRI_REDIS_PORT=6379\n");
    expect(calls).toContain(`RI_REDIS_ALIAS=Hikyaku job queue (${addr})\n`);
    expect(calls).not.toContain("RI_REDIS_USERNAME");
  });

  it("gives the address of the settings for a Redis on another machine", async () => {
    await using docker = await dockerStandIn("");
    const addr = "redis.example.com:6390";
    await startInsight("start", { PATH: docker.path, HIKYAKU__REDIS__JOBQUEUE__ADDR: addr });
    expect(await docker.calls()).toContain("RI_REDIS_HOST=redis.example.com\nRI_REDIS_PORT=6390\n");
  });

  it("reaches for a Redis on this machine that is no container, and says what may hinder it", async () => {
    await using docker = await dockerStandIn("");
    const port = await freePort();
    const addr = `127.0.0.1:${port}`;
    const ended = await startInsight("start", { PATH: docker.path, HIKYAKU__REDIS__JOBQUEUE__ADDR: addr });
    expect(await docker.calls()).toContain(`RI_REDIS_HOST=host.docker.internal\nRI_REDIS_PORT=${port}\n`);
    expect(ended.stdout).toContain("listens on loopback only");
  });

  it("makes the common network where start-redis.sh has not", async () => {
    await using docker = await dockerStandIn("network\\ inspect*) exit 1 ;;");
    await startInsight("start", { PATH: docker.path });
    expect(await docker.calls()).toMatch(/network create .* redis-network$/m);
  });

  it("tells whether it runs", async () => {
    await using stopped = await dockerStandIn("");
    expect((await startInsight("status", { PATH: stopped.path })).code).toBe(3);
    await using running = await dockerStandIn(
      `*ps\\ --quiet*) echo 0123456789abcdef ;; inspect*) printf 'RI_REDIS_PORT=6379\\nRI_REDIS_HOST=redis\\n' ;;`,
    );
    expect(await startInsight("status", { PATH: running.path })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("http://127.0.0.1:8001, its connection goes to redis:6379"),
    });
  });

  it("says of its paused container that it is paused, and wakes it to start or stop it", async () => {
    const paused = `*redis-insight.yml\\ ps*) echo 0123456789abcdef ;; *State.Paused*) echo true ;;`;
    for (const verb of ["start", "stop"]) {
      await using docker = await dockerStandIn(paused);
      expect((await startInsight(verb, { PATH: docker.path })).code).toBe(0);
      expect(await docker.calls()).toMatch(/redis-insight\.yml unpause$/m);
    }
    await using docker = await dockerStandIn(paused);
    const status = await startInsight("status", { PATH: docker.path });
    expect(status).toMatchObject({ code: 3, stdout: expect.stringContaining("container 0123456789ab is paused") });
  });

  it("says without a Docker engine that it needs one, and how to see the keys all the same", async () => {
    await using docker = await dockerStandIn("info) exit 1 ;;");
    const ended = await startInsight("start", { PATH: docker.path, HIKYAKU__REDIS__JOBQUEUE__ADDR: "localhost:6390" });
    expect(ended.code).toBe(69);
    expect(ended.stderr).toContain("no Docker engine");
    expect(ended.stderr).toContain("redis-cli -h localhost -p 6390 -n 0 --scan --pattern 'asynq:*'");
  });

  it("explains wrong usage", async () => {
    expect(await startInsight("open", {})).toMatchObject({ code: 64 });
  });
});
