// 200 readers of events over HTTP, one of which reads nothing, beside a worker: whether memory stays flat, and what the
// store is asked. Usage: node --conditions=source --expose-gc bench/src/event-readers.ts [seconds]
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { nodeHandler, Operations } from "@hikyaku/operations";
import { startRedisServer } from "@hikyaku/test-support";
import { Client, defineTask, Server, silentLogger } from "hikyaku";
import { redisBroker } from "hikyaku/redis";

const readers = 200;
const tasksPerSecond = 20;
const sampleMs = 10_000;
/** Until code is compiled and buffers have their size. */
const settleMs = 30_000;

/** Reads on 199 connections and tells how many events came. The last connection is opened anew when it is cut, and never read. */
function runReaders(port: number): void {
  const request = "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  let events = 0;
  let gaps = 0;
  let cuts = 0;
  for (let index = 1; index < readers; index++) {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    socket.setEncoding("utf8").on("data", (text: string) => {
      events += text.split("\nevent: ").length - 1;
      gaps += text.split("\nevent: gap").length - 1;
    });
    socket.on("error", () => undefined);
  }
  const openStuck = (): void => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    socket.pause();
    socket
      .on("error", () => undefined)
      .on("close", () => {
        cuts++;
        openStuck();
      });
  };
  openStuck();
  setInterval(() => process.send?.({ events, gaps, cuts }), sampleMs);
}

async function measure(seconds: number): Promise<void> {
  const redis = await startRedisServer();
  const broker = redisBroker({ url: redis.url });
  const operations = new Operations({
    broker,
    authorize: () => ({ scopes: ["read"] }),
    logger: silentLogger,
    streams: { mostPerCaller: readers + 10 },
  });
  const http = createServer(nodeHandler(operations));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const task = defineTask({ type: "bench:watched" });
  const client = new Client({ broker });
  const server = new Server({ broker, logger: silentLogger });
  // Errors make events as large as they get.
  server.handle(task, () => Promise.reject(new Error("a fault as handlers have them, in some words ".repeat(4))));
  server.start();
  const child = fork(new URL(import.meta.url), ["readers", String(port)]);
  let told = { events: 0, gaps: 0, cuts: 0 };
  child.on("message", (message) => {
    told = message as typeof told;
  });
  const enqueueing = setInterval(() => {
    void client.enqueue(task, { filler: "x".repeat(1_000) }, { maxRetry: 0 });
  }, 1_000 / tasksPerSecond);
  const heaps: number[] = [];
  const startedAt = performance.now();
  while (performance.now() - startedAt < seconds * 1_000) {
    await new Promise((resolve) => setTimeout(resolve, sampleMs));
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    const at = performance.now() - startedAt;
    if (at > settleMs) heaps.push(heapUsed);
    const shown = [heapUsed, rss].map((bytes) => (bytes / 1_048_576).toFixed(1)).join(" and ");
    process.stdout.write(`${(at / 1_000).toFixed(0)} s: heap and process ${shown} MiB; ${JSON.stringify(told)}\n`);
  }
  const [first = 0, last = 0] = [heaps[0], heaps.at(-1)].map((bytes) => (bytes ?? 0) / 1_048_576);
  process.stdout.write(`heap after ${settleMs / 1_000} s ${first.toFixed(1)} MiB, at the end ${last.toFixed(1)} MiB\n`);
  clearInterval(enqueueing);
  child.kill();
  operations.endStreams();
  await server.stop();
  await client.close();
  http.closeAllConnections();
  http.close();
  await broker.close();
  await redis.stop();
}

const [mode, argument] = process.argv.slice(2);
if (mode === "readers") runReaders(Number(argument));
else await measure(Number(mode ?? 300));
