import { openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AppProcesses, eventually, register } from "./support/app-process.ts";
import { storeKinds, type TestStore, titled } from "./support/stores.ts";

const stamped = (message: string) => new RegExp(`^\\[\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\] ${message}$`);

describe.for(storeKinds)("a registered job on $name", (kind) => {
  describe.skipIf(kind.missing !== undefined)(titled("prints its line on time", kind.missing), () => {
    const apps = new AppProcesses();
    let store: TestStore;
    let port: number;
    beforeEach(async () => {
      store = await kind.create();
      port = await freePort();
    });
    afterEach(async () => {
      await apps.killAll();
      await store.remove();
    });

    async function settings() {
      return { ...store.settings, SERVER__PORT: port, JOBQUEUE__PORT: await freePort() };
    }

    it("from one process, into a pipe, and stdout holds nothing else", async () => {
      const app = await apps.start("standalone", { settings: await settings() }).ready();
      for (const seconds of [1, 2]) {
        const before = Date.now();
        const answer = await register(port, { message: `after ${seconds}`, delay_seconds: seconds });
        const after = Date.now();
        expect(answer).toMatchObject({ status: 201, body: { status: "registered" } });
        const line = await app.stdout.next(stamped(`after ${seconds}`));
        expect(line.at).toBeGreaterThanOrEqual(before + seconds * 1000);
        expect(line.at).toBeLessThanOrEqual(after + seconds * 1000 + 100);
      }
      expect(await app.stop()).toBe(0);
      expect(app.stdout.all).toHaveLength(2);
    });

    it("from two processes", async () => {
      const common = await settings();
      const api = apps.start("api", { settings: common });
      const worker = apps.start("worker", { settings: common });
      await Promise.all([api.ready(), worker.ready()]);
      const before = Date.now();
      await register(port, { message: "from afar", delay_seconds: 2 });
      const after = Date.now();
      const line = await worker.stdout.next(stamped("from afar"));
      expect(line.at).toBeGreaterThanOrEqual(before + 2000);
      expect(line.at).toBeLessThanOrEqual(after + 2100);
      expect(await Promise.all([api.stop(), worker.stop()])).toEqual([0, 0]);
      expect(api.stdout.all).toEqual([]);
    });

    it("into a file, at once", async () => {
      const folder = await mkdtemp(join(tmpdir(), "hikyaku-out-"));
      const path = join(folder, "out.log");
      try {
        await apps.start("standalone", { settings: await settings(), stdoutFd: openSync(path, "w") }).ready();
        await register(port, { message: "飛脚", delay_seconds: 1 });
        const due = Date.now() + 1000;
        const text = await eventually(5000, async () => {
          const found = await readFile(path, "utf8");
          expect(found).not.toBe("");
          return found;
        });
        expect(Date.now()).toBeLessThanOrEqual(due + 150);
        expect(text).toMatch(/^\[[-\d]{10} [:\d]{8}\] 飛脚\n$/);
      } finally {
        await apps.killAll();
        await rm(folder, { recursive: true, force: true });
      }
    });

    it("once, although everything was killed between register and due time", async () => {
      const common = await settings();
      const first = await apps.start("standalone", { settings: common }).ready();
      const { body } = await register(port, { message: "survivor", delay_seconds: 2 });
      const registered = Date.now();
      await Promise.all([first.kill(), store.crash()]);
      await store.restart();
      const second = await apps.start("standalone", { settings: common }).ready();
      const line = await second.stdout.next(stamped("survivor"));
      expect(line.at).toBeGreaterThanOrEqual(registered + 1900);
      const broker = store.broker();
      try {
        // The demo's tasks are kept for a day after they ran.
        await eventually(5000, async () =>
          expect(await broker.get("default", [String(body["job_id"])])).toMatchObject([{ state: "completed" }]),
        );
      } finally {
        await broker.close();
      }
      expect(await second.stop()).toBe(0);
      expect([...first.stdout.all, ...second.stdout.all]).toHaveLength(1);
    });
  });
});
