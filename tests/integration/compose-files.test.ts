import { describe, expect, it } from "vitest";
import { projectFolder, readComposeFile, redisOptions, run, serviceOf } from "./development-scripts.ts";

const files = ["docker-compose.redis.yml", "docker-compose.redis-insight.yml"];

describe("docker-compose.redis.yml", async () => {
  const file = await readComposeFile("docker-compose.redis.yml");
  const redis = serviceOf(file, "redis");

  it("is Redis 7 Alpine on 6379, on loopback, and comes back by itself", () => {
    expect(redis.image).toBe("redis:7-alpine");
    expect(redis.ports).toEqual(["127.0.0.1:6379:6379"]);
    expect(redis.restart).toBe("unless-stopped");
    expect(redis.healthcheck?.test.join(" ")).toContain("redis-cli ping");
  });

  it("writes the append-only file every second into redis/data/jobqueue", () => {
    expect(redis.volumes).toEqual(["./redis/data/jobqueue:/data"]);
    const options = redisOptions(redis.command ?? []);
    expect(options.get("appendonly")).toBe("yes");
    expect(options.get("appendfsync")).toBe("everysec");
  });

  it("never drops a waiting task for want of memory, and keeps its hash compact", () => {
    const options = redisOptions(redis.command ?? []);
    expect(options.get("maxmemory-policy")).toBe("noeviction");
    expect(options.get("hash-max-listpack-value")).toBe("2048");
  });

  it("creates the network redis-network by just that name", () => {
    expect(redis.networks).toEqual(["redis-network"]);
    expect(file.networks).toEqual({ "redis-network": { name: "redis-network" } });
  });
});

describe("docker-compose.redis-insight.yml", async () => {
  const file = await readComposeFile("docker-compose.redis-insight.yml");
  const insight = serviceOf(file, "redis-insight");

  it("is Redis Insight alone, on 8001, on loopback", () => {
    expect(Object.keys(file.services)).toEqual(["redis-insight"]);
    expect(insight.image).toBe("redis/redisinsight:latest");
    expect(insight.ports).toEqual(["127.0.0.1:8001:5540"]);
  });

  it("joins redis-network, which is not its own", () => {
    expect(insight.networks).toEqual(["redis-network"]);
    expect(file.networks).toEqual({ "redis-network": { external: true } });
  });

  it("has its connection preset, by default to the service of docker-compose.redis.yml", async () => {
    expect(insight.environment).toMatchObject({
      RI_REDIS_HOST: "redis",
      RI_REDIS_PORT: "6379",
      RI_REDIS_ALIAS: "Hikyaku job queue",
    });
    expect(Object.keys((await readComposeFile("docker-compose.redis.yml")).services)).toContain("redis");
  });

  it("keeps its settings in a named volume", () => {
    expect(insight.volumes).toEqual(["redis-insight-data:/data"]);
    expect(file.volumes).toHaveProperty("redis-insight-data");
  });
});

describe("both compose files", async () => {
  const hasCompose = await run("docker", ["compose", "version"]).then(
    ({ code }) => code === 0,
    () => false,
  );

  it("are accepted by Docker Compose", { timeout: 60_000 }, async ({ skip }) => {
    skip(!hasCompose, "Docker's compose plug-in is not installed");
    for (const file of files) {
      expect(await run("docker", ["compose", "-f", file, "config", "--quiet"])).toMatchObject({ code: 0 });
    }
  });

  it("leave nothing of Redis in git", async () => {
    const ignored = await run("git", ["-C", projectFolder, "check-ignore", "redis/data/jobqueue/appendonlydir/x"]);
    expect(ignored.code).toBe(0);
  });
});
