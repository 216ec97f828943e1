import { cp, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startRedisServer } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DockerStandIn, dockerStandIn, type Ended, projectFolder, run } from "./development-scripts.ts";

describe("start-redis.sh with Docker", { timeout: 60_000 }, () => {
  let port: number;
  let project: string;

  // The container's data folder can't be chosen, and a Redis may be at work in that of this project. So the script runs
  // in a project of its own.
  beforeEach(async () => {
    port = await freePort();
    project = await realpath(await mkdtemp(join(tmpdir(), "hikyaku start redis-")));
    await cp(join(projectFolder, "scripts"), join(project, "scripts"), { recursive: true });
    await cp(join(projectFolder, "package-lock.json"), join(project, "package-lock.json"));
    await symlink(join(projectFolder, "node_modules"), join(project, "node_modules"));
  });
  afterEach(() => rm(project, { recursive: true, force: true }));

  function withDocker(verb: "start" | "stop" | "status", docker: DockerStandIn): Promise<Ended> {
    return run(join(project, "scripts/start-redis.sh"), [verb], {
      PATH: docker.path,
      HIKYAKU__REDIS__JOBQUEUE__ADDR: `localhost:${port}`,
    });
  }

  it("starts the container on the port of the settings, and says when no Redis answers there", async () => {
    await using docker = await dockerStandIn("");
    const ended = await withDocker("start", docker);
    expect(await docker.calls()).toMatch(/compose -f .+docker-compose\.redis\.yml up --detach --wait/);
    expect(await docker.calls()).toContain("HIKYAKU_REDIS_BIND=127.0.0.1\n");
    expect(await docker.calls()).toContain(`HIKYAKU_REDIS_PORT=${port}\n`);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`no Redis answers at localhost:${port}`);
  });

  it("knows its running container, and stops it without removing the network", async () => {
    const redis = await startRedisServer({ port });
    try {
      await using docker = await dockerStandIn(`*"ps --quiet"*) echo 0123456789abcdef ;; inspect*) echo 4711 ;;`);
      const status = await withDocker("status", docker);
      expect(status.code).toBe(0);
      expect(status.stdout).toContain(
        `running with Docker: container 0123456789ab (pid 4711), address localhost:${port}`,
      );
      const again = await withDocker("start", docker);
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("already running with Docker") });
      expect((await withDocker("stop", docker)).code).toBe(0);
      expect(await docker.calls()).toMatch(/docker-compose\.redis\.yml stop$/m);
    } finally {
      await redis.stop();
    }
  });

  it("says of its paused container that it is paused, and wakes it to stop it", async () => {
    const paused = `*"ps --quiet"*) echo 0123456789abcdef ;; *State.Paused*) echo true ;;`;
    await using docker = await dockerStandIn(paused);
    for (const [verb, code, stream] of [
      ["status", 3, "stdout"],
      ["start", 1, "stderr"],
    ] as const) {
      const ended = await withDocker(verb, docker);
      expect(ended.code).toBe(code);
      expect(ended[stream]).toContain(
        "container 0123456789ab is paused; 'docker compose -f docker-compose.redis.yml unpause'",
      );
    }
    expect((await withDocker("stop", docker)).code).toBe(0);
    expect(await docker.calls()).toMatch(/docker-compose\.redis\.yml unpause$[\s\S]*docker-compose\.redis\.yml stop$/m);
  });
});
