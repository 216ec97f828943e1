import { describe, expect, it, vi } from "vitest";
import { isHikyakuError } from "../../src/errors.ts";
import { placedNow, stateOf, stored } from "../support/builders.ts";
import { startChildServer } from "./child-process.ts";
import { aServer, Happenings, stores } from "./stores.ts";

describe.each(stores)("stopping a server on $name", ({ open }) => {
  it("waits for running tasks and takes no new ones", async () => {
    const broker = (await open()).connect();
    const started = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const server = aServer(broker, { concurrency: 1, shutdownTimeout: "10s" }).handleRaw(
      "t",
      async ({ taskId, signal }) => {
        started.add(taskId);
        await gate.promise;
        signal.throwIfAborted();
      },
    );
    const [first, second] = [placedNow({ type: "t" }), placedNow({ type: "t" })];
    await broker.enqueue([first, second]);
    server.start();
    await started.reach(1);
    const stopping = server.stop();
    gate.resolve();
    await stopping;
    expect(started.all).toEqual([first.message.id]);
    expect(await stateOf(broker, first.message)).toBeUndefined();
    expect(await stateOf(broker, second.message)).toBe("pending");
    expect(server.status().state).toBe("closed");
    expect((await broker.servers()).servers).toEqual([]);
  });

  it("takes nothing new once quiet, while running tasks finish", async () => {
    const broker = (await open()).connect();
    const started = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const server = aServer(broker).handleRaw("t", async ({ taskId }) => {
      started.add(taskId);
      await gate.promise;
    });
    const [first, second] = [placedNow({ type: "t" }), placedNow({ type: "t" })];
    await broker.enqueue([first]);
    server.start();
    await started.reach(1);
    server.quiet();
    await broker.enqueue([second]);
    gate.resolve();
    await vi.waitFor(() => expect(server.status()).toMatchObject({ state: "quiet", running: 0 }));
    expect(await stateOf(broker, second.message)).toBe("pending");
    expect(started.all).toHaveLength(1);
  });

  it("fires the signals after the timeout, honours a verdict, and hands back what was only interrupted", async () => {
    const broker = (await open()).connect();
    const started = new Happenings<string>();
    const codes = new Happenings<unknown>();
    const server = aServer(broker, { shutdownTimeout: "50ms", abortGrace: "5s" }).handleRaw(
      { prefix: "" },
      async ({ type, signal }) => {
        started.add(type);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        codes.add(isHikyakuError(signal.reason) ? signal.reason.code : signal.reason);
        if (type === "interrupted") signal.throwIfAborted();
      },
    );
    const [interrupted, finishing] = [placedNow({ type: "interrupted" }), placedNow({ type: "finishing" })];
    await broker.enqueue([interrupted, finishing]);
    server.start();
    await started.reach(2);
    await server.stop();
    expect(codes.all).toEqual(["closed", "closed"]);
    expect(await stateOf(broker, finishing.message)).toBeUndefined();
    const task = await stored(broker, interrupted.message);
    expect(task).toMatchObject({ state: "pending", message: { retried: 0, lastError: "" } });
  });

  it("hands back the task of a handler that ignores its signal, and ends", async () => {
    const broker = (await open()).connect();
    const started = new Happenings<string>();
    const server = aServer(broker, { abortGrace: "50ms" }).handleRaw("t", ({ taskId }) => {
      started.add(taskId);
      return new Promise<never>(() => undefined);
    });
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    server.start();
    await started.reach(1);
    await server.stop();
    expect((await stored(broker, item.message)).message.retried).toBe(0);
    expect(await stateOf(broker, item.message)).toBe("pending");
  });

  it("ends a server that was never started, and twice is once", async () => {
    const broker = (await open()).connect();
    const server = aServer(broker);
    await Promise.all([server.stop(), server.stop(), server.close()]);
    expect(server.status().state).toBe("closed");
    expect(() => server.start()).toThrow("expected a server that was not started yet");
  });

  it("happens at SIGTERM, with what runs handed back and the process ending by itself", async () => {
    const store = await open();
    const broker = store.connect();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    const child = startChildServer(store.address, "t");
    await child.lines.reach(1);
    child.kill("SIGTERM");
    expect(await child.exited).toEqual([0, null]);
    expect(await stateOf(broker, item.message)).toBe("pending");
  });

  it("hurries at a second signal", async () => {
    const store = await open();
    const broker = store.connect();
    const item = placedNow({ type: "t" });
    await broker.enqueue([item]);
    const child = startChildServer(store.address, "t", "600s");
    await child.lines.reach(1);
    child.kill("SIGINT");
    await vi.waitFor(async () => expect((await broker.servers()).servers).toMatchObject([{ status: "closed" }]), {
      timeout: 8_000,
    });
    child.kill("SIGINT");
    expect(await child.exited).toEqual([0, null]);
    expect(await stateOf(broker, item.message)).toBe("pending");
  });
});
