import { closeSync, openSync } from "node:fs";
import { delayPrint } from "@hikyaku/tasks";
import { freePort } from "@hikyaku/test-support";
import { Client } from "hikyaku";
import { afterEach, describe, expect, it } from "vitest";
import { AppProcesses } from "./support/app-process.ts";
import { storeKinds, titled } from "./support/stores.ts";

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
          ...{ level: 40, taskId: id, type: "demo:delay_print", queue: "default", attempts: 1 },
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
