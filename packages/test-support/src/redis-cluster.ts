import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

const run = promisify(execFile);

/** A real Redis Cluster of masters without replicas on loopback, started for a test. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** `host:port` of each node. */
  readonly addrs: readonly string[];
  stop(): Promise<void>;
}

export async function startRedisCluster(size = 3): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  try {
    for (let index = 0; index < size; index++) {
      nodes.push(await startRedisServer({ port: await clusterPort(), args: ["--cluster-enabled", "yes"] }));
    }
    const addrs = nodes.map((node) => `127.0.0.1:${node.port}`);
    await run("redis-cli", ["--cluster", "create", ...addrs, "--cluster-yes"]);
    for (const node of nodes) await untilClusterIsUp(node.port);
    return { nodes, addrs, stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))) };
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
}

/** A cluster node also listens on its port + 10000, so the port must leave room for that. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port <= 55_535) return port;
  }
}

async function untilClusterIsUp(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { stdout } = await run("redis-cli", ["-p", String(port), "cluster", "info"]);
    if (stdout.includes("cluster_state:ok")) return;
    await delay(50);
  }
  throw new Error(`the cluster node on port ${port} was not ready within 10 s`);
}
