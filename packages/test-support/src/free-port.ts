import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that systems give to outgoing connections (Linux from 32768, others from 49152). The port 10000
 * higher must be below them too: a node of a Redis Cluster listens there. Otherwise another test's connection may take
 * the port before it is used.
 */
const lowest = 10_240;
const highest = 22_767;
const clusterBusOffset = 10_000;

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago, nor on the one 10000 above it. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if ((await isFree(port)) && (await isFree(port + clusterBusOffset))) return port;
  }
  throw new Error(`expected a free port from ${lowest} to ${highest}, found none`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
