import { setTimeout as delay } from "node:timers/promises";
import { Server, silentLogger } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { onRedis, redisCounts } from "./redis-info.ts";
import { listen } from "./simulation-monitor.ts";

/** What real servers with nothing to do asked of a real Redis, a second and server. */
export interface Reality {
  readonly servers: number;
  readonly commands: number;
  readonly byCommand: ReadonlyMap<string, number>;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections of one server. */
  readonly connections: number;
}

/** Long enough that the first looks, which all servers take at once, are over. */
const settleMs = 12_000;

export async function observe(
  url: string,
  port: number,
  size: number,
  queues: number,
  seconds: number,
): Promise<Reality> {
  await onRedis(port, (send) => send("FLUSHALL"));
  const priorities = Object.fromEntries(Array.from({ length: queues }, (_, queue) => [`queue-${queue}`, 1]));
  const before = await connectionsOf(port);
  const brokers = Array.from({ length: size }, () => redisBroker({ url }));
  const servers = brokers.map((broker) => {
    const server = new Server({ broker, logger: silentLogger, queues: priorities, concurrency: 10 });
    server.handleRaw({ prefix: "" }, () => undefined);
    server.start();
    return server;
  });
  await delay(settleMs);
  // Listening in costs Redis output, so what it sends is counted before, and all else meanwhile.
  const quietSeconds = seconds / 2;
  const [quietFrom, quietTo] = [
    await redisCounts(port),
    await delay(quietSeconds * 1_000).then(() => redisCounts(port)),
  ];
  const monitor = await listen(port);
  const from = await redisCounts(port);
  await delay(seconds * 1_000);
  const to = await redisCounts(port);
  const heard = (await monitor.stop()).filter(({ inScript, name }) => !inScript && name !== "info");
  const connections = ((await connectionsOf(port)) - before) / size;
  await Promise.all(servers.map((server) => server.stop()));
  await Promise.all(brokers.map((broker) => broker.close()));
  const byCommand = new Map<string, number>();
  for (const { name } of heard) byCommand.set(name, (byCommand.get(name) ?? 0) + 1 / seconds / size);
  return {
    servers: size,
    byCommand,
    connections,
    commands: heard.length / seconds / size,
    bytesIn: (to.bytesIn - from.bytesIn) / seconds / size,
    bytesOut: (quietTo.bytesOut - quietFrom.bytesOut) / quietSeconds / size,
  };
}

async function connectionsOf(port: number): Promise<number> {
  const info = String(await onRedis(port, (send) => send("INFO", "clients")));
  return Number(/^connected_clients:(\d+)/m.exec(info)?.[1]);
}
