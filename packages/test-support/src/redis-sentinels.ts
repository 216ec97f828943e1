import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { type RedisServer, startProcess, startRedisServer } from "./redis-server.ts";

const run = promisify(execFile);

/** A real master with two replicas and three sentinels on loopback, started for a test. */
export interface RedisSentinels {
  readonly masterName: string;
  /** The first one began as the master. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** `host:port` of the sentinels. */
  readonly addrs: readonly string[];
  /** The server that calls itself a master and is not the one given. Waits up to 30 s for it. */
  promoted(former: RedisServer): Promise<RedisServer>;
  stop(): Promise<void>;
}

const masterName = "queue";

export async function startRedisSentinels(options: { readonly downAfterMs?: number } = {}): Promise<RedisSentinels> {
  const { downAfterMs = 700 } = options;
  const servers: RedisServer[] = [];
  const sentinels: RedisServer[] = [];
  const dirs: string[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all([...sentinels, ...servers].map((server) => server.stop()));
    await Promise.all(dirs.map((dir) => rm(dir, { recursive: true, force: true })));
  };
  try {
    const master = await startRedisServer({ args: ["--repl-diskless-sync-delay", "0"] });
    servers.push(master);
    const replicaArgs = ["--replicaof", "127.0.0.1", String(master.port), "--repl-diskless-sync-delay", "0"];
    for (let index = 0; index < 2; index++) servers.push(await startRedisServer({ args: replicaArgs }));
    await until(master.port, ["role"], (answer) => answer.split("127.0.0.1").length === 3);
    for (let index = 0; index < 3; index++) {
      const port = await freePort();
      const dir = await mkdtemp(join(tmpdir(), "hikyaku-sentinel-"));
      dirs.push(dir);
      const file = join(dir, "sentinel.conf");
      const lines = [
        `port ${port}`,
        "bind 127.0.0.1",
        `dir ${dir}`,
        `sentinel monitor ${masterName} 127.0.0.1 ${master.port} 2`,
        `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
        `sentinel failover-timeout ${masterName} 3000`,
      ];
      await writeFile(file, `${lines.join("\n")}\n`);
      sentinels.push(await startProcess({ port, dir, args: [file, "--sentinel"], removesDir: false }));
    }
    for (const { port } of sentinels) {
      await until(port, ["sentinel", "ckquorum", masterName], (answer) => answer.startsWith("OK 3 usable"));
      await until(port, ["sentinel", "master", masterName], (answer) => /num-slaves\n2\n/.test(answer));
    }
    return {
      masterName,
      servers,
      sentinels,
      addrs: sentinels.map(({ port }) => `127.0.0.1:${port}`),
      promoted: (former) => promoted(servers.filter((server) => server !== former)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function promoted(servers: readonly RedisServer[]): Promise<RedisServer> {
  for (let tries = 0; tries < 1_500; tries++) {
    for (const server of servers) {
      const { stdout } = await run("redis-cli", ["-p", String(server.port), "role"]).catch(() => ({ stdout: "" }));
      if (stdout.startsWith("master")) return server;
    }
    await delay(20);
  }
  throw new Error("no replica was promoted within 30 s");
}

async function until(port: number, command: string[], isSo: (answer: string) => boolean): Promise<void> {
  let last = "";
  for (let tries = 0; tries < 400; tries++) {
    const answer = await run("redis-cli", ["-p", String(port), ...command]).catch((error) => ({
      stdout: String(error),
    }));
    last = answer.stdout;
    if (isSo(last)) return;
    await delay(50);
  }
  throw new Error(`the server on port ${port} was not ready within 20 s: ${last}`);
}
