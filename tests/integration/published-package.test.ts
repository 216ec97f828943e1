import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const core = join(root, "packages/core");
const tsc = join(root, "node_modules/.bin/tsc");
const strict = [
  ...["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--module", "nodenext", "--target", "es2024"],
  ...["--types", "node"],
];
let consumer: string;

// A project somewhere else, with the packed library and its dependencies in node_modules as npm would put them there.
beforeAll(() => {
  consumer = mkdtempSync(join(tmpdir(), "hikyaku-consumer-"));
  execFileSync(process.execPath, ["scripts/build.ts"], { cwd: root });
  // A copy is packed: npm changes package.json meanwhile, and other tests read it.
  const copy = join(consumer, "copy");
  for (const part of ["dist", "scripts", "package.json", "README.md", "LICENSE"]) {
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
  for (const name of [...Object.keys(dependencies), "@types/node", "vitest"]) {
    const link = join(consumer, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ type: "module", private: true }));
});

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

function run(program: string, args: string[]): { status: number | null; output: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: consumer, env, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("the published package", () => {
  it("runs on plain Node.js from any folder, with the adapters on subpaths", () => {
    writeFileSync(
      join(consumer, "use.js"),
      `const names = await Promise.all(["hikyaku", "hikyaku/redis", "hikyaku/sqlite", "hikyaku/testing"].map((path) => import(path)));
for (const exported of names) if (Object.keys(exported).length === 0) throw new Error("exports nothing");`,
    );
    expect(run(process.execPath, ["use.js"])).toEqual({ status: 0, output: "" });
  });

  it("extends leases in a thread of its own, so that a handler may block the event loop", () => {
    writeFileSync(
      join(consumer, "block.js"),
      `import { Client, defineTask, Server } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
const broker = sqliteBroker({ path: "block.db" });
const server = new Server({ broker, lease: "2s" });
const ended = new Promise((resolve) => server.handleRaw("block", () => {
  const end = performance.now() + 3_000;
  while (performance.now() < end);
  setTimeout(resolve, 200);
}));
server.start();
const client = new Client({ broker });
await client.enqueue(defineTask({ type: "block" }), {});
await ended;
const { counts, leasesExtendedBy } = server.status();
await server.stop();
await client.close();
await broker.close();
console.log(JSON.stringify({ counts, leasesExtendedBy }));`,
    );
    const { status, output } = run(process.execPath, ["block.js"]);
    const line = output.split("\n").find((text) => text.startsWith('{"counts"'));
    expect({ status, line }).toEqual({
      status: 0,
      line: '{"counts":{"settled":1,"failed":0,"lost":0},"leasesExtendedBy":"thread"}',
    });
  });

  it("type-checks in a strict project, declarations included", () => {
    writeFileSync(
      join(consumer, "use.ts"),
      `import * as library from "hikyaku";
import * as redis from "hikyaku/redis";
import * as sqlite from "hikyaku/sqlite";
export const all = [library, redis, sqlite];`,
    );
    const libraries = ["--lib", "es2024,esnext.disposable"];
    expect(run(tsc, [...strict, ...libraries, "use.ts"])).toEqual({ status: 0, output: "" });
  });

  it("has typed matchers for the Vitest that is there, and asks for none", () => {
    const { peerDependencies, peerDependenciesMeta, optionalDependencies } = JSON.parse(
      readFileSync(join(consumer, "node_modules/hikyaku/package.json"), "utf8"),
    );
    expect([peerDependencies, peerDependenciesMeta, optionalDependencies]).toEqual([undefined, undefined, undefined]);
    const naming = globSync("node_modules/hikyaku/dist/**/*.{js,d.ts}", { cwd: consumer }).filter((file) =>
      /(from|import\(?|module) ?"vitest/.test(readFileSync(join(consumer, file), "utf8")),
    );
    expect(naming).toEqual([]);
    writeFileSync(
      join(consumer, "matchers.ts"),
      `import { defineTask } from "hikyaku";
import { testQueue } from "hikyaku/testing";
import { queueMatchers } from "hikyaku/testing/vitest";
import { expect } from "vitest";
expect.extend(queueMatchers);
const queue = await testQueue();
expect(queue).not.toHaveEnqueued(defineTask({ type: "mail" }), { user: expect.any(Number) }, { times: 1 });
// @ts-expect-error: the payload of the wrong place
expect(queue).toHaveEnqueued({ user: 1 });`,
    );
    // Vitest's own declarations take the libraries of a browser, and are not checked here.
    const libraries = ["--lib", "es2024,esnext.disposable,dom", "--skipLibCheck"];
    expect(run(tsc, [...strict, ...libraries, "matchers.ts"])).toEqual({ status: 0, output: "" });
  });

  it("names no file that it does not hold, and its manifest can be read", () => {
    const installed = join(consumer, "node_modules/hikyaku");
    const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const named = Object.values<string | Record<string, string>>(exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    );
    expect(named.filter((file) => !existsSync(join(installed, file)))).toEqual([]);
    writeFileSync(
      join(consumer, "conditions.js"),
      `import { createRequire } from "node:module";
await Promise.all(["hikyaku", "hikyaku/redis", "hikyaku/sqlite", "hikyaku/testing"].map((path) => import(path)));
if (createRequire(import.meta.url)("hikyaku/package.json").name !== "hikyaku") throw new Error("another manifest");`,
    );
    expect(run(process.execPath, ["--conditions=source", "conditions.js"])).toEqual({ status: 0, output: "" });
    expect(readFileSync(join(consumer, "copy/package.json"), "utf8")).toBe(
      readFileSync(join(core, "package.json"), "utf8"),
    );
  });

  it("says in one line at import that Node.js is too old, whichever part comes first", () => {
    const older = "{ ...process.versions, node: '22.15.1' }";
    writeFileSync(
      join(consumer, "old.js"),
      `Object.defineProperty(process, "versions", { value: ${older} });
for (const part of ["", "/redis", "/sqlite", "/testing", "/testing/vitest"])
  console.log(await import("hikyaku" + part).then(() => "imported " + part, (error) => error.message));`,
    );
    const line = `hikyaku: expected Node.js 22.16 or newer, got 22.15.1 (${process.execPath})\n`;
    expect(run(process.execPath, ["old.js"]).output).toBe(line.repeat(5));
  });

  it("says at the import of hikyaku/sqlite that there is no SQLite", () => {
    const program = 'await import("hikyaku/sqlite").catch((error) => console.log(error.message));';
    expect(run(process.execPath, ["--no-experimental-sqlite", "--input-type=module", "-e", program]).output).toBe(
      'hikyaku/sqlite: expected the module "node:sqlite"; this runtime has none, or was told to hide it\n',
    );
  });

  it("holds what is built and what describes it, nothing else", () => {
    const files = globSync("**/*.*", { cwd: join(consumer, "node_modules/hikyaku") });
    const described = ["package.json", "README.md"];
    const unexpected = files.filter((file) => !/^dist\/.*\.(js|d\.ts)$/.test(file) && !described.includes(file));
    expect(unexpected).toEqual([]);
    expect(files.filter((file) => file.includes(".test."))).toEqual([]);
  });
});
