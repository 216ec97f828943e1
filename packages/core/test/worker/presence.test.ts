import { describe, expect, it, vi } from "vitest";
import { bytes, placedNow } from "../support/builders.ts";
import { aServer, Happenings, stores } from "./stores.ts";

const quickly = { timeout: 8_000, interval: 10 };

describe.each(stores)("the presence of a server on $name", ({ open }) => {
  it("tells who it is, what it handles and what it runs, with a short payload", async () => {
    const broker = (await open()).connect();
    const started = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const server = aServer(broker, { queues: { default: 3 }, shutdownTimeout: "5s" }).handleRaw(
      "t",
      async ({ taskId }) => {
        started.add(taskId);
        await gate.promise;
      },
    );
    await broker.enqueue([placedNow({ id: "long", type: "t", payload: bytes("x".repeat(5_000)) })]);
    server.start();
    await started.reach(1);
    await vi.waitFor(async () => expect((await broker.servers()).workers).toHaveLength(1), quickly);
    const { servers, workers } = await broker.servers();
    expect(servers).toMatchObject([
      {
        serverId: server.serverId,
        pid: process.pid,
        status: "active",
        queues: { default: 3 },
        activeWorkers: 1,
        details: { directory: process.cwd(), handles: { kind: "some", exact: ["t"], prefixes: [] } },
      },
    ]);
    expect(workers).toMatchObject([{ taskId: "long", taskType: "t", queue: "default", payload: { length: 1_024 } }]);
    gate.resolve();
  }, 15_000);

  it("is noticed by others on the same queue, who warn once and name it", async () => {
    const store = await open();
    const warnings: { message: string; fields: object | undefined }[] = [];
    const silent = (): void => undefined;
    const logger = {
      debug: silent,
      info: silent,
      error: silent,
      warn: (message: string, fields?: object) => void warnings.push({ message, fields }),
    };
    const first = aServer(store.connect()).handleRaw("t", silent);
    first.start();
    const broker = store.connect();
    await vi.waitFor(async () => expect((await broker.servers()).servers).toHaveLength(1), quickly);
    const elsewhere = aServer(broker, { queues: { other: 1 } }).handleRaw("t", silent);
    elsewhere.start();
    const second = aServer(broker, { logger }).handleRaw("t", silent);
    second.start();
    await vi.waitFor(() => expect(second.peers().map(({ serverId }) => serverId)).toEqual([first.serverId]), quickly);
    expect(warnings).toMatchObject([
      {
        message: "another server works on the same queues",
        fields: { serverId: first.serverId, serverPid: process.pid, directory: process.cwd() },
      },
    ]);
    expect(elsewhere.peers()).toEqual([]);
  }, 15_000);
});
