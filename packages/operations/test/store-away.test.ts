import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { freePort } from "@hikyaku/test-support";
import type { Broker } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { afterEach, describe, expect, it } from "vitest";
import { asking, examples } from "./asking.ts";
import { type Mounting, mountings } from "./mountings.ts";
import { testOperations } from "./test-operations.ts";

/** The second that is promised, and what a busy machine may take. A call that waits for the store takes five. */
const mostMs = 2_500;

/** What needs no store: it answers as ever. */
const storeless: ReadonlySet<string> = new Set(["get-openapi-document"]);

describe("every endpoint of the contract, while the store is away,", () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function mountedOn(url: string): Promise<{ broker: Broker; mounting: Mounting }> {
    const broker = redisBroker({ url });
    closing.push(() => broker.close());
    const mounting = await mountings["plain Node"]?.(testOperations(broker).operations);
    if (mounting === undefined) throw new Error("expected a mounting");
    closing.push(() => mounting.close());
    return { broker, mounting };
  }

  /** All at once, as from many callers. */
  async function expectQuickRefusals(mounting: Mounting): Promise<void> {
    const late: string[] = [];
    const other: string[] = [];
    await Promise.all(
      examples.map(async ({ endpoint, example }) => {
        const { operationId } = endpoint;
        const since = performance.now();
        const answer = await asking(mounting, endpoint, example, { authorization: "Bearer admin" });
        await answer.body?.cancel();
        const ms = performance.now() - since;
        if (ms > mostMs) late.push(`${operationId}: ${Math.round(ms)} ms`);
        if (answer.status !== 503 && !storeless.has(operationId) && !example.answers.includes(answer.status)) {
          other.push(`${operationId}: ${answer.status}`);
        }
      }),
    );
    expect(late).toEqual([]);
    expect(other).toEqual([]);
  }

  it("answers within a second where nobody listens", async () => {
    const { mounting } = await mountedOn(`redis://127.0.0.1:${await freePort()}`);
    await expectQuickRefusals(mounting);
    await expectQuickRefusals(mounting);
  });

  it("answers within a second where somebody listens and says nothing, once that was noticed", async () => {
    const sockets = new Set<Socket>();
    const silent: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => silent.close(resolve));
    });
    const { broker, mounting } = await mountedOn(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await expectQuickRefusals(mounting);
    expect(broker.reachability().reachable).toBe(false);
    await expectQuickRefusals(mounting);
  });
});
