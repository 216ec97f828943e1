import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  makeTestCertificate,
  type RedisServer,
  redisServerPath,
  speaksTls,
  startRedisServer,
} from "@hikyaku/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type RedisOptions, redisBroker } from "../src/broker/redis/index.ts";
import { Client } from "../src/client/client.ts";
import { checkStore } from "../src/doctor/check-store.ts";
import { Inspector } from "../src/inspector/inspector.ts";
import { defineTask } from "../src/task/task.ts";
import { describeBrokerContract } from "./broker-contract/broker-contract.ts";
import type { ContractStore } from "./support/contract-store.ts";
import { documentedAcl } from "./support/documented-acl.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { aServer, Happenings } from "./worker/stores.ts";

const run = promisify(execFile);
const databases = 2_000;
const password = "hunter2";

describe.skipIf(redisServerPath() === undefined)(
  "the Redis adapter over TLS, as a user with the documented permissions (needs redis-server)",
  () => {
    const hasTls = speaksTls(redisServerPath());
    let certificate: Awaited<ReturnType<typeof makeTestCertificate>>;
    let folder: string;
    let server: RedisServer;
    let lastDatabase = 0;

    beforeEach(({ skip }) => skip(!hasTls, `${redisServerPath()} was built without TLS`));
    beforeAll(async () => {
      if (!hasTls) return;
      certificate = await makeTestCertificate();
      folder = await mkdtemp(join(tmpdir(), "hikyaku-acl-"));
      const users = ["user default off", "user admin on >admin ~* &* +@all", documentedAcl(password)];
      await writeFile(join(folder, "users.acl"), `${users.join("\n")}\n`);
      server = await startRedisServer({
        tls: { ...certificate, clients: "yes" },
        args: ["--databases", String(databases), "--aclfile", join(folder, "users.acl"), "--acllog-max-len", "1000"],
      });
    });
    afterAll(async () => {
      if (!hasTls) return;
      await server.stop();
      await certificate.remove();
      await rm(folder, { recursive: true });
    });

    const options = (): RedisOptions => {
      lastDatabase += 1;
      const { ca, cert, key } = certificate;
      const addr = `127.0.0.1:${server.port}`;
      return { addr, username: "hikyaku", password, db: lastDatabase, tls: { ca, cert, key } };
    };

    async function admin(...words: string[]): Promise<string> {
      const { caFile, certFile, keyFile } = certificate;
      const place = ["-p", String(server.port), "--tls", "--cacert", caFile, "--cert", certFile, "--key", keyFile];
      return (await run("redis-cli", [...place, "--no-auth-warning", "-u", "redis://admin:admin@127.0.0.1", ...words]))
        .stdout;
    }

    async function setup(): Promise<ContractStore> {
      const clock = new FakeClock();
      const both = { ...options(), clock };
      const [broker, other] = [redisBroker(both), redisBroker(both)];
      await Promise.all([broker.ready(), other.ready()]);
      return {
        broker,
        other,
        clock,
        cleanup: async () => void (await Promise.all([broker.close(), other.close()])),
      };
    }

    describeBrokerContract(setup);

    it("serves client, server and inspector, and hides the password", async () => {
      const broker = redisBroker(options());
      onTestFinished(() => broker.close());
      const task = defineTask({ type: "mail" });
      const ran = new Happenings<string>();
      const worker = aServer(broker, { queues: { default: 1 } });
      worker.handle(task, async ({ taskId }) => {
        ran.add(taskId);
        return "sent";
      });
      worker.start();
      const client = new Client({ broker });
      onTestFinished(() => client.close());
      await client.enqueue(task, undefined, { taskId: "now", retention: "1h" });
      await client.enqueue(task, undefined, { taskId: "soon", in: "100ms", uniqueFor: "1m", retention: "1h" });
      expect([...(await ran.reach(2))].sort()).toEqual(["now", "soon"]);
      const inspector = new Inspector({ broker });
      await expect(inspector.queues()).resolves.toMatchObject([{ queue: "default" }]);
      await expect(client.waitForResult({ queue: "default", id: "now", definition: task })).resolves.toBe("sent");
      expect(await checkStore(broker, { scope: "tasks" })).toEqual([]);
      expect(broker.location).toMatch(/^rediss:\/\/127\.0\.0\.1:\d+\/\d+$/);
      await worker.stop();
    });

    it("says what is wrong with a certificate, a password, a permission", async () => {
      const refusalOf = async (change: Partial<RedisOptions>): Promise<unknown> => {
        const broker = redisBroker({ ...options(), ...change });
        const failure = await broker.queues().catch((error: unknown) => error);
        await broker.close();
        return failure;
      };
      const { ca, cert, key } = certificate;
      expect(await refusalOf({ tls: { cert, key } })).toMatchObject({ message: expect.stringMatching(/certificate/i) });
      expect(await refusalOf({ tls: { ca, cert, key, serverName: "other.example" } })).toMatchObject({
        message: expect.stringMatching(/other\.example/),
      });
      expect(await refusalOf({ tls: { ca } })).toMatchObject({ code: "broker_unavailable" });
      expect(await refusalOf({ password: "wrong" })).toMatchObject({ message: expect.stringMatching(/WRONGPASS/) });
      await admin("acl", "setuser", "reader", "on", ">reader", "~*", "-@all", "+ping");
      expect(await refusalOf({ username: "reader", password: "reader", db: 0 })).toMatchObject({
        code: "store_rejected",
        message: expect.stringMatching(/permission/),
      });
    });

    it("was never refused a command, key or channel", async () => {
      const refused = (await admin("acl", "log"))
        .split("count\n")
        .map((entry) => entry.split("\n"))
        .filter(
          (lines) =>
            lines[lines.indexOf("username") + 1] === "hikyaku" && lines[lines.indexOf("reason") + 1] !== "auth",
        )
        .map((lines) => lines[lines.indexOf("object") + 1]);
      expect(refused).toEqual([]);
    });
  },
);
