import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { problem } from "@hikyaku/contract";
import fastify from "fastify";
import type { Broker } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Authorize, operationsPlugin, type StreamLimits } from "../src/index.ts";
import { nodeStream } from "../src/mounts/node-stream.ts";
import { webStream } from "../src/mounts/web-stream.ts";
import { httpStream } from "../src/streams/http-stream.ts";
import { type Mounting, mountings } from "./mountings.ts";
import { type TestOperations, TestStream, testOperations } from "./test-operations.ts";

const read = { headers: { authorization: "Bearer read" } };
const decoder = new TextDecoder();

describe.each(Object.entries(mountings))("answers in parts, mounted in %s", (_name, mount) => {
  let broker: Broker;
  let mounting: Mounting;
  let folder: string;
  let test: TestOperations;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-streams-"));
    broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
  });
  afterEach(async () => {
    await mounting.close();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const mounted = async (authorize?: Authorize, limits?: StreamLimits): Promise<void> => {
    test = testOperations(broker, authorize, limits);
    mounting = await mount(test.operations);
  };
  const firstPart = async (answer: Response): Promise<string> => {
    const reader = answer.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    reader?.releaseLock();
    return decoder.decode(value);
  };

  it("come whole, in order, with nothing that a terminal obeys, and HEAD gets none", async () => {
    await mounted();
    const answer = await mounting.ask("/count", read);
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
      200,
      "application/x-ndjson; charset=utf-8",
      "no-store",
    ]);
    const line = (count: number): string => `{"line":${count},"said":"\\u009b"}\n`;
    expect(await answer.text()).toBe(line(1) + line(2) + line(3));
    const head = await mounting.ask("/count", { ...read, method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("outlive the endpoint's deadline, go no faster than they are read, and end with their reader", async () => {
    await mounted();
    const leaving = new AbortController();
    const answer = await mounting.ask("/pour", { ...read, signal: leaving.signal });
    expect(await firstPart(answer)).toMatch(/^\{"line":0\}/);
    const stream = test.poured();
    let before = -1;
    // Sockets take some megabytes that nobody reads. Then it must stand still, well after the deadline.
    await expect
      .poll(
        () => {
          const stands = stream.pulled === before;
          before = stream.pulled;
          return stands;
        },
        { timeout: 10_000, interval: 400 },
      )
      .toBe(true);
    expect(stream.pulled).toBeLessThan(5_000);
    expect(await firstPart(answer)).toContain("line");
    leaving.abort();
    await answer.body?.cancel().catch(() => undefined);
    await stream.ended.promise;
  });

  it("are as many as may be, in all and of one caller, and a place comes back when one ends", async () => {
    await mounted(undefined, { most: 3, mostPerCaller: 2 });
    const open = async (): Promise<Response> => mounting.ask("/pour", read);
    const first = await open();
    const firstStream = test.poured();
    const second = await open();
    const refused = await open();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(problem.parse(await refused.json())).toMatchObject({ code: "overloaded", detail: /2 streams open/ });
    await first.body?.cancel();
    await firstStream.ended.promise;
    const third = await open();
    expect(third.status).toBe(200);
    await second.body?.cancel();
    await third.body?.cancel();
    await test.poured().ended.promise;
  });

  it("end when the credential ends, and when the server is about to stop", async () => {
    const credential = new AbortController();
    await mounted(() => ({ name: "key", scopes: ["read"], ends: credential.signal }));
    const answer = await mounting.ask("/pour");
    const revoked = test.poured();
    credential.abort();
    await answer.text();
    await revoked.ended.promise;
    // Who comes with an ended credential gets nothing that goes on.
    expect((await (await mounting.ask("/pour")).text()).length).toBeLessThan(40_000);
    await mounting.close();
    await mounted();
    const other = await mounting.ask("/pour", read);
    const stopped = test.poured();
    test.operations.endStreams();
    await other.text();
    await stopped.ended.promise;
  });
});

describe("a stream whose reader is stuck", () => {
  const poured = (stream: TestStream, over: () => void) => {
    const ending = new AbortController();
    const parts = stream.lines(ending.signal);
    return httpStream({ parts, end: () => ending.abort(), over, failed: () => undefined });
  };

  it("is hung up on in Node", async () => {
    const stream = new TestStream();
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const readable = nodeStream(poured(stream, resolve), { shouldKeepAlive: true }, 30);
    readable.read();
    await expect(new Promise((_resolve, reject) => readable.on("error", reject))).rejects.toThrow("took nothing");
    await Promise.all([over, stream.ended.promise]);
  });

  it("is hung up on in servers of the web", async () => {
    const stream = new TestStream();
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const reader = webStream(poured(stream, resolve), 30).getReader();
    await reader.read();
    await expect(reader.closed).rejects.toThrow("took nothing");
    await Promise.all([over, stream.ended.promise]);
  });
});

it("a Fastify app that closes waits for no stream", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-streams-"));
  const broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
  const test = testOperations(broker);
  const app = fastify();
  await app.register(operationsPlugin, { prefix: "/x", operations: test.operations });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const answer = await fetch(`${origin}/x/pour`, read);
  const reading = answer.text();
  await app.close();
  await Promise.all([reading, test.poured().ended.promise]);
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});
