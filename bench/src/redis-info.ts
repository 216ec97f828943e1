import { once } from "node:events";
import { connect } from "node:net";
import { createClient } from "redis";

/** Sends commands of our own to the Redis server of a run. */
export async function onRedis<T>(port: number, use: (send: (...args: string[]) => Promise<unknown>) => Promise<T>) {
  const client = createClient({ socket: { host: "127.0.0.1", port } });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await use((...args) => client.sendCommand(args));
  } finally {
    client.destroy();
  }
}

export async function usedMemory(port: number): Promise<number> {
  return Number((await infoOf(port, "memory")).get("used_memory"));
}

/** What the server has counted so far. */
export interface RedisCounts {
  /** Calls of scripts, by clients. */
  readonly scripts: number;
  /** Commands, those that scripts run included. */
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly cpuSeconds: number;
}

export async function redisCounts(port: number): Promise<RedisCounts> {
  const [commands, stats, cpu] = await Promise.all([
    infoOf(port, "commandstats"),
    infoOf(port, "stats"),
    infoOf(port, "cpu"),
  ]);
  const calls = (name: string): number => Number(/calls=(\d+)/.exec(commands.get(`cmdstat_${name}`) ?? "")?.[1] ?? 0);
  return {
    scripts: calls("evalsha") + calls("eval"),
    commands: Number(stats.get("total_commands_processed")),
    bytesIn: Number(stats.get("total_net_input_bytes")),
    bytesOut: Number(stats.get("total_net_output_bytes")),
    cpuSeconds: Number(cpu.get("used_cpu_user")) + Number(cpu.get("used_cpu_sys")),
  };
}

async function infoOf(port: number, part: string): Promise<Map<string, string>> {
  const text = String(await onRedis(port, (send) => send("INFO", part)));
  return new Map(
    text
      .split("\r\n")
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

/** How many commands clients send in a time. Redis' own counter includes what scripts do, so it is listened in on. */
export async function commandsDuring(port: number, ms: number): Promise<number> {
  const monitor = connect({ host: "127.0.0.1", port });
  let heard = "";
  monitor.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
  });
  await once(monitor, "connect");
  monitor.write("MONITOR\r\n");
  await new Promise((resolve) => setTimeout(resolve, ms));
  monitor.destroy();
  return heard.split("\n").filter((line) => /^\+\d/.test(line) && !/^\+[\d.]+ \[\d+ lua\]/.test(line)).length;
}
