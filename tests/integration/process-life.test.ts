import { once } from "node:events";
import { connect, createServer } from "node:net";
import { freePort } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AppName, AppProcesses, register } from "./support/app-process.ts";
import { storeKinds, type TestStore } from "./support/stores.ts";

const [embedded] = storeKinds;

describe.for<AppName>(["standalone", "api", "worker"])("the process %s", (name) => {
  const apps = new AppProcesses();
  let store: TestStore;
  let port: number;
  let settings: Record<string, string | number>;
  beforeEach(async () => {
    if (embedded === undefined) throw new Error("expected the embedded store");
    store = await embedded.create();
    port = await freePort();
    const other = await freePort();
    const own =
      name === "worker" ? { JOBQUEUE__PORT: port, SERVER__PORT: other } : { SERVER__PORT: port, JOBQUEUE__PORT: other };
    settings = { ...store.settings, ...own };
  });
  afterEach(async () => {
    await apps.killAll();
    await store.remove();
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stops cleanly at %s, with nothing on stdout", async (signal) => {
    const app = await apps.start(name, { settings }).ready();
    expect(app.stderr.toString()).toContain(`http://127.0.0.1:${port}`);
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe("OK");
    app.signal(signal);
    expect(await app.exit()).toBe(0);
    expect(app.stdout.all).toEqual([]);
  });

  it("is not kept from stopping by connections that stay open", async () => {
    const app = await apps.start(name, { settings }).ready();
    const idle = connect(port, "127.0.0.1");
    await once(idle, "connect");
    const started = performance.now();
    const closed = once(idle, "close");
    idle.on("error", () => undefined).resume();
    expect(await app.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(4000);
    await closed;
  });

  it("ends with code 1 and a way out when its port is taken", async () => {
    const taken = createServer().listen(port, "127.0.0.1");
    await once(taken, "listening");
    try {
      const app = apps.start(name, { settings });
      expect(await app.exit()).toBe(1);
      const key = name === "worker" ? "jobqueue.port" : "server.port";
      expect(app.stderr.toString()).toContain(`127.0.0.1:${port}: the port is taken`);
      expect(app.stderr.toString()).toContain(key);
      expect(app.stdout.all).toEqual([]);
    } finally {
      taken.close();
    }
  });

  it("ends with code 78 and the places when the settings are wrong", async () => {
    const app = apps.start(name, { settings: { ...settings, SERVER__PORT: "many", JOBQUEUE__CONCURENCY: 3 } });
    expect(await app.exit()).toBe(78);
    expect(app.stderr.toString()).toContain("server.port");
    expect(app.stderr.toString()).toContain("HIKYAKU__JOBQUEUE__CONCURRENCY");
    expect(app.stdout.all).toEqual([]);
  });

  it("ends with code 1 when an error was caught by nobody, and logs it", async () => {
    const code = "process.on('SIGUSR2', () => { Promise.reject(new Error('nobody expected this')); });";
    const breaker = `data:text/javascript,${encodeURIComponent(code)}`;
    const app = await apps.start(name, { settings, env: { NODE_OPTIONS: `--import=${breaker}` } }).ready();
    app.signal("SIGUSR2");
    expect(await app.exit()).toBe(1);
    expect(app.stderr.toString()).toContain("nobody expected this");
  });
});

describe("the process standalone", () => {
  it("goes on with its work when nobody reads its log any more", async () => {
    if (embedded === undefined) throw new Error("expected the embedded store");
    const apps = new AppProcesses();
    const store = await embedded.create();
    try {
      const port = await freePort();
      const app = await apps.start("standalone", { settings: { ...store.settings, SERVER__PORT: port } }).ready();
      app.closeStderr();
      for (const message of ["one", "two"]) {
        expect((await register(port, { message, delay_seconds: 1 })).status).toBe(201);
        await app.stdout.next(new RegExp(`\\] ${message}$`));
      }
      expect(await app.stop()).toBe(0);
    } finally {
      await apps.killAll();
      await store.remove();
    }
  });

  it("finishes a request that is under way when it is asked to stop", async () => {
    if (embedded === undefined) throw new Error("expected the embedded store");
    const apps = new AppProcesses();
    const store = await embedded.create();
    try {
      const port = await freePort();
      const app = await apps.start("standalone", { settings: { ...store.settings, SERVER__PORT: port } }).ready();
      const answers = Array.from({ length: 20 }, () => register(port, {}));
      await Promise.race(answers);
      const stopping = performance.now();
      const code = app.stop();
      for (const answer of await Promise.allSettled(answers)) {
        // One whose connection was not accepted yet is refused by the kernel; an accepted one has its answer.
        if (answer.status === "fulfilled") expect([201, 503]).toContain(answer.value.status);
      }
      expect(await code).toBe(0);
      expect(performance.now() - stopping).toBeLessThan(4000);
    } finally {
      await apps.killAll();
      await store.remove();
    }
  });

  it.each([
    ["local", /operations \(\/api\/v1\) need no token, but answer only what comes straight from this machine/],
    [
      "staging",
      /operations \(\/api\/v1\) are closed: no credential is set for them; set HIKYAKU__API__OPERATIONS__TOKEN/,
    ],
  ])("says at start who may use operations while no credential is set: %s", async (env, line) => {
    if (embedded === undefined) throw new Error("expected the embedded store");
    const apps = new AppProcesses();
    const store = await embedded.create();
    try {
      const settings = {
        ...store.settings,
        SERVER__HOST: "127.0.0.1",
        SERVER__PORT: await freePort(),
        API__RATE_LIMIT__STORAGE_TYPE: "memory",
      };
      const app = await apps.start("api", { settings, env: { APP_ENV: env } }).ready();
      expect(app.stderr.all.filter(({ text }) => line.test(text))).toHaveLength(1);
      expect(app.stderr.all.filter(({ text }) => text.includes("/api/v1"))).toHaveLength(1);
    } finally {
      await apps.killAll();
      await store.remove();
    }
  });
});
