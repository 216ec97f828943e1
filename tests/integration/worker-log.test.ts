import { closeSync, openSync } from "node:fs";
import { delayPrint } from "@hikyaku/tasks";
import { freePort } from "@hikyaku/test-support";
import { Client } from "hikyaku";
import { afterEach, describe, expect, it } from "vitest";
import { AppProcesses, eventually } from "./support/app-process.ts";
import { missingRedis, storeKinds, titled } from "./support/stores.ts";

describe.for(storeKinds)("the log of a worker on $name", { timeout: 60_000 }, (kind) => {
  describe.skipIf(kind.missing !== undefined)(titled("says at its usual level", kind.missing), () => {
    const apps = new AppProcesses();
    afterEach(() => apps.killAll());

    it("that a job failed for good, where nobody can read what it prints", async () => {
      const store = await kind.create();
      const unwritable = openSync("/dev/null", "r");
      const settings = { ...store.settings, JOBQUEUE__PORT: await freePort() };
      const app = await apps.start("worker", { settings, stdoutFd: unwritable }).ready();
      closeSync(unwritable);
      const broker = store.broker();
      const client = new Client({ broker });
      try {
        const { id } = await client.enqueue(delayPrint, { message: "\u001b[2Jhello" }, { maxRetry: 0 });
        const { text } = await app.stderr.next(/failed for good/);
        expect(JSON.parse(text)).toMatchObject({
          level: 40,
          taskId: id,
          type: "demo:delay_print",
          queue: "default",
          attempts: 1,
          error: expect.stringContaining("the line can't be written to stdout"),
        });
      } finally {
        await client.close();
        await broker.close();
        await apps.killAll();
        await store.remove();
      }
    });
  });
});

describe.skipIf(missingRedis !== undefined)(titled("the log of an outage", missingRedis), { timeout: 60_000 }, () => {
  const apps = new AppProcesses();
  afterEach(() => apps.killAll());

  it.each(["worker", "standalone"] as const)(
    "is one line of %s when the store is lost, and one when it is back",
    async (name) => {
      const kind = storeKinds.find((one) => one.name === "Redis");
      if (kind === undefined) throw new Error("expected Redis");
      const store = await kind.create();
      const ports = { JOBQUEUE__PORT: await freePort(), SERVER__PORT: await freePort() };
      const app = await apps.start(name, { settings: { ...store.settings, ...ports } }).ready();
      try {
        const broker = store.broker();
        await eventually(10_000, async () => expect((await broker.servers()).servers).toHaveLength(1));
        await broker.close();
        const before = app.stderr.all.length;
        await store.crash();
        const lost = await app.stderr.next(/does not answer/, { skip: before });
        // Long enough for a role of every kind to fail, and to say so again.
        await eventually(15_000, async () => expect(Date.now() - lost.at).toBeGreaterThan(12_000));
        await store.restart();
        await app.stderr.next(/store answers/, { skip: before });
        const back = store.broker();
        await eventually(10_000, async () => expect((await back.servers()).servers).toHaveLength(1));
        await back.close();
        expect(app.stderr.all.slice(before).map(({ text }) => (JSON.parse(text) as { msg: string }).msg)).toEqual([
          "the job queue's store does not answer: trying again until it does",
          "the job queue's store answers",
        ]);
      } finally {
        await apps.killAll();
        await store.remove();
      }
    },
  );
});
