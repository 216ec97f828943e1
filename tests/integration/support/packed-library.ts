import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const core = join(root, "packages/core");

/**
 * A new project somewhere else, with the packed library and its dependencies in `node_modules` as npm would put them there,
 * and `blocking.js`. The caller removes the folder.
 */
export function makeConsumer(): string {
  const consumer = mkdtempSync(join(tmpdir(), "hikyaku-consumer-"));
  // A copy is built and packed: npm changes package.json meanwhile, and other tests read it.
  const copy = join(consumer, "copy");
  execFileSync(process.execPath, ["scripts/build.ts", join(copy, "dist")], { cwd: root });
  for (const part of ["scripts", "package.json", "README.md", "LICENSE"]) {
    cpSync(join(core, part), join(copy, part), { recursive: true });
  }
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", consumer], {
    cwd: copy,
    encoding: "utf8",
  });
  const installed = join(consumer, "node_modules/hikyaku");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(consumer, packed.trim()), "--strip-components=1", "-C", installed]);
  const { dependencies } = JSON.parse(readFileSync(join(core, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    linkInto(consumer, name, join(root, "node_modules", name));
  }
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ type: "module", private: true }));
  writeFileSync(join(consumer, "blocking.js"), blockingProgram);
  return consumer;
}

/** What may be imported of the packed library, as others write it. */
export function partsOf(consumer: string): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(consumer, "node_modules/hikyaku/package.json"), "utf8"));
  return Object.keys(manifest.exports)
    .filter((path) => path !== "./package.json")
    .map((path) => join("hikyaku", path));
}

/** Tries to import each part, and prints its name or what was said instead. */
export function importingEach(parts: readonly string[]): string {
  return `for (const part of ${JSON.stringify(parts)})
  console.log(await import(part).then(() => "imported " + part, (error) => error.message));`;
}

/** Puts the package at `folder` into the consumer's `node_modules` under this name. */
export function linkInto(consumer: string, name: string, folder: string): void {
  const link = join(consumer, "node_modules", name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(folder, link);
}

/** Options of the TypeScript compiler for a project that takes types seriously. */
export const strict = [
  "--strict",
  "--exactOptionalPropertyTypes",
  "--noEmit",
  "--module",
  "nodenext",
  "--target",
  "es2024",
  "--types",
  "node",
];

/** Blocks its event loop for longer than a lease. The adapter that it does not use is there to be bundled too. */
const blockingProgram = `import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client, defineTask, Server, silentLogger } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
console.log("the program begins");
async function main() {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-blocking-"));
  const redis = process.env.REDIS_ADDR;
  const broker = redis ? redisBroker({ addr: redis }) : sqliteBroker({ path: join(folder, "tasks.db") });
  const server = new Server({ broker, lease: "2s", logger: silentLogger });
  const ended = new Promise((resolve) => server.handleRaw("block", () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    resolve();
  }));
  server.start();
  const latest = Date.now() + 20_000;
  while (server.status().leasesExtendedBy !== "thread" && Date.now() < latest) await delay(10);
  const client = new Client({ broker });
  await client.enqueue(defineTask({ type: "block" }), {});
  await ended;
  const { leasesExtendedBy } = server.status();
  await server.stop();
  const { counts } = server.status();
  await client.close();
  await broker.close();
  rmSync(folder, { recursive: true });
  console.log(counts.settled + " settled, " + counts.lost + " lost, leases extended by: " + leasesExtendedBy);
}
void main();`;
/** On stdout. */
export const blockingPrints = "the program begins\n1 settled, 0 lost, leases extended by: thread\n";

/** A test for Vitest, of whatever version the consumer has; its types hold only where the matchers bring theirs. */
export const matchersTest = `import { defineTask } from "hikyaku";
import { testQueue } from "hikyaku/testing";
import { queueMatchers } from "hikyaku/testing/vitest";
import { expect, onTestFinished, test } from "vitest";

expect.extend(queueMatchers);
const mail = defineTask({ type: "mail" });

test("a sign-up sends one mail", async () => {
  const queue = await testQueue();
  onTestFinished(() => queue.close());
  await queue.client.enqueue(mail, { user: 42 });
  expect(queue).toHaveEnqueued(mail, { user: expect.any(Number) }, { times: 1 });
  expect(queue).not.toHaveEnqueued(mail, { user: 1 });
  // @ts-expect-error: the payload where the task belongs
  expect(() => expect(queue).toHaveEnqueued({ user: 1 })).toThrow();
});`;
