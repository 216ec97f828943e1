import { once } from "node:events";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dockerStandIn, type Ended, readComposeFile, redisOptions, run, serviceOf } from "./development-scripts.ts";

let port: number;
let folder: string;

beforeEach(async () => {
  port = await freePort();
  folder = await realpath(await mkdtemp(join(tmpdir(), "hikyaku-start-redis-")));
});

afterEach(async () => {
  await startRedis("stop");
  await rm(folder, { recursive: true, force: true });
});

type Verb = "start" | "stop" | "status";

/** Runs the script on the test's own port and folder. */
function startRedis(verb: Verb, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return run("scripts/start-redis.sh", [verb], {
    HIKYAKU__REDIS__JOBQUEUE__ADDR: `localhost:${port}`,
    HIKYAKU_REDIS_DATA_DIR: folder,
    ...env,
  });
}

async function redisCli(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("redis-cli", ["-h", "127.0.0.1", "-p", String(port), ...args]);
  return stdout.trimEnd();
}

async function pidOf(): Promise<number> {
  return Number(await readFile(join(folder, "redis-server.pid"), "utf8"));
}

describe.skipIf(redisServerPath() === undefined)("start-redis.sh without Docker", { timeout: 60_000 }, () => {
  it("keeps the data over stop and start", async () => {
    expect((await startRedis("start")).code).toBe(0);
    expect(await redisCli("set", "kept", "yes")).toBe("OK");
    expect((await startRedis("stop")).code).toBe(0);
    expect((await startRedis("start")).code).toBe(0);
    expect(await redisCli("get", "kept")).toBe("yes");
  });

  it("keeps the data over a crash, and is not misled by the pid file that it left", async () => {
    await startRedis("start");
    await redisCli("set", "kept", "yes");
    process.kill(await pidOf(), "SIGKILL");
    await expect.poll(async () => (await startRedis("status")).code, { timeout: 20_000 }).toBe(3);
    expect((await startRedis("start")).code).toBe(0);
    expect(await redisCli("get", "kept")).toBe("yes");
  });

  it("tells before and after what runs, where, and with how much in it", async () => {
    const before = await startRedis("status");
    expect(before).toMatchObject({ code: 3, stdout: expect.stringContaining(`nothing answers at localhost:${port}`) });
    const started = await startRedis("start");
    expect(started.stdout).toContain("started a local redis-server (no Docker)");
    await redisCli("set", "one", "1");
    const running = await startRedis("status");
    expect(running.code).toBe(0);
    expect(running.stdout).toContain(
      `local redis-server: pid ${await pidOf()}, address localhost:${port}, keys in database 0: 1`,
    );
    expect(running.stdout).toContain(`data in ${folder}`);
    await startRedis("stop");
    expect((await startRedis("status")).code).toBe(3);
  });

  it("starts once: a second start leaves the first server alone", async () => {
    await startRedis("start");
    const first = await pidOf();
    const again = await startRedis("start");
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("already running") });
    expect(await pidOf()).toBe(first);
  });

  it("has the settings of the compose file, on loopback only", async () => {
    await startRedis("start");
    const { command = [] } = serviceOf(await readComposeFile("docker-compose.redis.yml"), "redis");
    const promised = redisOptions(command);
    expect(promised.size).toBeGreaterThan(0);
    for (const [name, value] of promised) {
      expect(await redisCli("config", "get", name), name).toBe(`${name}\n${value}`.trimEnd());
    }
    expect(await redisCli("config", "get", "bind")).toBe("bind\n127.0.0.1 -::1");
    expect(await redisCli("config", "get", "dir")).toBe(`dir\n${folder}`);
  });

  it("says of a frozen server that it is frozen and how it goes on, and can stop it all the same", async () => {
    await startRedis("start");
    const pid = await pidOf();
    process.kill(pid, "SIGSTOP");
    const frozen = `pid ${pid}, port ${port}, data in ${folder}) is frozen`;
    expect(await startRedis("status")).toMatchObject({ code: 3, stdout: expect.stringContaining(frozen) });
    const start = await startRedis("start");
    expect(start).toMatchObject({ code: 1, stderr: expect.stringContaining(frozen) });
    expect(start.stderr).toContain(`'kill -CONT ${pid}'`);
    process.kill(pid, "SIGCONT");
    expect((await startRedis("status")).code).toBe(0);
    process.kill(pid, "SIGSTOP");
    expect(await startRedis("stop")).toMatchObject({ code: 0, stdout: expect.stringContaining(`pid ${pid}`) });
  });

  it("takes a frozen Redis of somebody else for something that does not answer, not for something else than Redis", async () => {
    const stranger = await startRedisServer({ port });
    stranger.pause();
    try {
      const status = await startRedis("status");
      expect(status).toMatchObject({ code: 3, stdout: expect.stringContaining("connections and does not answer") });
      expect(status.stdout).not.toContain("not Redis");
      const start = await startRedis("start");
      expect(start).toMatchObject({ code: 1, stderr: expect.stringContaining("connections and does not answer") });
    } finally {
      stranger.resume();
      await stranger.stop();
    }
  });

  it("tells what a Redis says that refuses to answer", async () => {
    const refusals = {
      "-DENIED Redis is running in protected mode": "DENIED",
      "-ERR max number of clients reached": "max",
    };
    for (const [refusal, word] of Object.entries(refusals)) {
      const full = createServer((socket) =>
        socket
          .on("error", () => {})
          .resume()
          .end(`${refusal}\r\n`),
      );
      full.listen(port, "127.0.0.1");
      await once(full, "listening");
      try {
        const { stdout } = await startRedis("status");
        expect(stdout).toMatch(new RegExp(`a Redis that refuses to answer: .*${word}`));
      } finally {
        full.close();
        await once(full, "close");
      }
    }
  });

  it("finds nothing to stop when nothing runs", async () => {
    expect(await startRedis("stop")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to stop") });
  });

  it("refuses a port that another program has, and names it", async () => {
    const stranger = createServer((socket) => {
      socket.on("error", () => {}).resume();
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    stranger.listen(port, "127.0.0.1");
    await once(stranger, "listening");
    try {
      const start = await startRedis("start");
      expect(start.code).toBe(1);
      expect(start.stderr).toContain(`port ${port} is taken: something that is not Redis`);
      expect((await startRedis("status")).code).toBe(3);
      expect((await startRedis("stop")).code).toBe(1);
      expect(stranger.listening).toBe(true);
    } finally {
      stranger.close();
      await once(stranger, "close");
    }
  });

  it("shows what a stranger answers instead of letting the terminal obey it", async () => {
    const info = "process_id:1\r\nredis_version:7\u001b[2J\u009b31m\u202e\r\nconfig_file:/x\u001b]0;y\u0007\r\n";
    const stranger = createServer((socket) => {
      socket.on("error", () => {}).resume();
      socket.write(`$${Buffer.byteLength(info)}\r\n${info}\r\n`);
    });
    stranger.listen(port, "127.0.0.1");
    await once(stranger, "listening");
    try {
      const { stdout, stderr } = await startRedis("status");
      expect(stdout + stderr).toContain("7\\u001b[2J");
      expect(stdout + stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
    } finally {
      stranger.close();
      await once(stranger, "close");
    }
  });

  it("neither takes over nor stops a Redis that it did not start, even if a pid file names it", async () => {
    const stranger = await startRedisServer({ port });
    try {
      await writeFile(join(folder, "redis-server.pid"), `${stranger.pid}\n`);
      const start = await startRedis("start");
      expect(start.code).toBe(1);
      expect(start.stderr).toContain(`process id ${stranger.pid}`);
      expect((await startRedis("stop")).code).toBe(1);
      expect(await redisCli("ping")).toBe("PONG");
    } finally {
      await stranger.stop();
    }
  });

  it("refuses a second server over the same folder", async () => {
    await startRedis("start");
    const other = { HIKYAKU__REDIS__JOBQUEUE__ADDR: `localhost:${await freePort()}` };
    for (const verb of ["start", "stop"] as const) {
      const ended = await startRedis(verb, other);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain(`port ${port}`);
    }
    expect(await redisCli("ping")).toBe("PONG");
  });

  it("shows what redis-server said when it can't read the data", async () => {
    await mkdir(join(folder, "appendonlydir"));
    await writeFile(join(folder, "appendonlydir", "appendonly.aof.manifest"), "no manifest\n");
    const ended = await startRedis("start");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("did not come up");
    expect(ended.stderr).toContain("manifest file");
  });

  it("leaves a Redis on another machine alone", async () => {
    const remote = { HIKYAKU__REDIS__JOBQUEUE__ADDR: "redis.example.com:6379" };
    for (const verb of ["start", "stop"] as const) {
      const ended = await startRedis(verb, remote);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain("redis.example.com:6379, a Redis on another machine");
    }
  });

  it("explains wrong settings and wrong usage", async () => {
    const wrong = await startRedis("start", { HIKYAKU__REDIS__JOBQUEUE__ADDR: "localhost" });
    expect(wrong.code).toBe(78);
    expect(wrong.stderr).toMatch(/host:port/);
    for (const args of [[], ["restart"], ["start", "now"]]) {
      const ended = await run("scripts/start-redis.sh", args);
      expect(ended).toMatchObject({ code: 64, stderr: expect.stringContaining("{start|stop|status}") });
    }
  });

  it("names the Debian package when redis-server is missing", async () => {
    await using docker = await dockerStandIn("info) exit 1 ;;");
    const tools = await mkdtemp(join(tmpdir(), "hikyaku-tools-"));
    try {
      const needed = [
        "bash",
        "basename",
        "dirname",
        "env",
        "grep",
        "id",
        "mkdir",
        "readlink",
        "sed",
        "sort",
        "tail",
        "tr",
      ];
      await run("bash", ["-c", `for tool in ${needed.join(" ")}; do ln -s "$(command -v $tool)" ${tools}/; done`]);
      const ended = await startRedis("start", { PATH: `${docker.path.split(":")[0]}:${tools}` });
      expect(ended.code).toBe(69);
      expect(ended.stderr).toContain("sudo apt-get install redis-server");
    } finally {
      await rm(tools, { recursive: true, force: true });
    }
  });
});
