import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

const run = promisify(execFile);

/** A real Redis Cluster on loopback, started for a test. */
export interface RedisCluster {
  /** The masters first, then their replicas. Which is which changes with each fail-over. */
  readonly nodes: readonly RedisServer[];
  /** `host:port` of each node. */
  readonly addrs: readonly string[];
  stop(): Promise<void>;
}

export interface RedisClusterOptions {
  /** Replicas of each master. Default 0. */
  readonly replicas?: number;
  /** How long a node may be silent before the others vote it out. Default 15000, as Redis has it. */
  readonly nodeTimeoutMs?: number;
  /** Extra arguments of each node, in redis-server's own spelling. */
  readonly args?: readonly string[];
  /** Default: what `redisServerPath()` gives. */
  readonly binary?: string;
}

export async function startRedisCluster(
  size = 3,
  { replicas = 0, nodeTimeoutMs = 15_000, args: more = [], ...program }: RedisClusterOptions = {},
): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  try {
    const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", String(nodeTimeoutMs), ...more];
    // Else a new replica waits for five seconds to see whether others come too.
    args.push("--repl-diskless-sync-delay", "0");
    for (let index = 0; index < size * (1 + replicas); index++) {
      nodes.push(await startRedisServer({ port: await freePort(), args, ...program }));
    }
    const addrs = nodes.map((node) => `127.0.0.1:${node.port}`);
    await run("redis-cli", ["--cluster", "create", ...addrs, "--cluster-replicas", String(replicas), "--cluster-yes"]);
    for (const node of nodes) {
      await until(node.port, ["cluster", "info"], (answer) => answer.includes("cluster_state:ok"));
      await until(node.port, ["role"], (answer) => !answer.startsWith("slave") || answer.includes("connected"));
    }
    return { nodes, addrs, stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))) };
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
}

async function until(port: number, command: string[], isSo: (answer: string) => boolean): Promise<void> {
  let last = "";
  for (let tries = 0; tries < 200; tries++) {
    last = (await run("redis-cli", ["-p", String(port), ...command])).stdout;
    if (isSo(last)) return;
    await delay(50);
  }
  throw new Error(`the cluster node on port ${port} was not ready within 10 s: ${last}`);
}
