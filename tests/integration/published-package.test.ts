import { execFile, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import webpack from "webpack";
import {
  blockingPrints,
  importingEach,
  linkInto,
  makeConsumer,
  matchersTest,
  partsOf,
  strict,
} from "./support/packed-library.ts";

const root = join(import.meta.dirname, "../..");
const core = join(root, "packages/core");
const tsc = join(root, "node_modules/.bin/tsc");
let consumer: string;

beforeAll(() => {
  consumer = makeConsumer();
  linkInto(consumer, "vitest", join(root, "node_modules/vitest"));
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
      `const names = await Promise.all(["hikyaku", "hikyaku/broker", "hikyaku/instruments", "hikyaku/redis", "hikyaku/sqlite", "hikyaku/testing"].map((path) => import(path)));
for (const exported of names) if (Object.keys(exported).length === 0) throw new Error("exports nothing");`,
    );
    expect(run(process.execPath, ["use.js"])).toEqual({ status: 0, output: "" });
  });

  it("extends leases in a thread of its own, so that a handler may block the event loop", () => {
    expect(run(process.execPath, ["blocking.js"])).toMatchObject({ status: 0, output: blockingPrints });
  });

  it("can be required by CommonJS", () => {
    const program = `const { Client } = require("hikyaku");
const { sqliteBroker } = require("hikyaku/sqlite");
const broker = sqliteBroker({ path: ":memory:" });
void new Client({ broker }).close().then(() => broker.close()).then(() => console.log("closed"));`;
    writeFileSync(join(consumer, "required.cjs"), program);
    expect(run(process.execPath, ["required.cjs"])).toEqual({ status: 0, output: "closed\n" });
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
    expect([peerDependencies, peerDependenciesMeta, optionalDependencies]).toEqual([
      { "@opentelemetry/api": "^1.9.0" },
      { "@opentelemetry/api": { optional: true } },
      undefined,
    ]);
    const naming = globSync("node_modules/hikyaku/dist/**/*.{js,d.ts}", { cwd: consumer }).filter((file) =>
      /(from|import\(?|module) ?"vitest/.test(readFileSync(join(consumer, file), "utf8")),
    );
    expect(naming).toEqual([]);
    writeFileSync(join(consumer, "matchers.test.ts"), matchersTest);
    // Vitest's own declarations take the libraries of a browser, and are not checked here.
    const libraries = ["--lib", "es2024,esnext.disposable,dom", "--skipLibCheck"];
    expect(run(tsc, [...strict, ...libraries, "matchers.test.ts"])).toEqual({ status: 0, output: "" });
  });

  it("needs OpenTelemetry's API for hikyaku/telemetry, and for nothing else", () => {
    writeFileSync(
      join(consumer, "traced.js"),
      `const { Telemetry } = await import("hikyaku/telemetry");
console.log(typeof new Telemetry().middleware);`,
    );
    const without = run(process.execPath, ["traced.js"]);
    expect(without.status).not.toBe(0);
    expect(without.output).toContain("Cannot find package '@opentelemetry/api'");
    linkInto(consumer, "@opentelemetry/api", join(root, "node_modules/@opentelemetry/api"));
    expect(run(process.execPath, ["traced.js"])).toEqual({ status: 0, output: "function\n" });
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
await Promise.all(["hikyaku", "hikyaku/broker", "hikyaku/instruments", "hikyaku/redis", "hikyaku/sqlite", "hikyaku/testing"].map((path) => import(path)));
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
      `Object.defineProperty(process, "versions", { value: ${older} });\n${importingEach(partsOf(consumer))}`,
    );
    const line = `hikyaku: expected Node.js 22.16 or newer, got 22.15.1 (${process.execPath})\n`;
    expect(run(process.execPath, ["old.js"]).output).toBe(line.repeat(partsOf(consumer).length));
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

/** Each gets the program and where its bundle is wanted, and makes one that needs no `node_modules`. */
const bundlers = {
  "esbuild, to CommonJS": {
    file: "esbuild.cjs",
    bundle: (entry, outfile) =>
      esbuild({ entryPoints: [entry], outfile, bundle: true, minify: true, platform: "node", format: "cjs" }),
  },
  "esbuild, to ES modules": {
    file: "esbuild.mjs",
    bundle: (entry, outfile) =>
      esbuild({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm" }),
  },
  webpack: {
    file: "webpack.cjs",
    bundle: (entry, outfile) =>
      new Promise<void>((resolve, reject) => {
        const output = { path: dirname(outfile), filename: basename(outfile) };
        webpack({ mode: "production", target: "node", entry, output }, (error, stats) => {
          const problem = error ?? (stats?.hasErrors() === true ? new Error(stats.toString("errors-only")) : undefined);
          if (problem == null) resolve();
          else reject(problem);
        });
      }),
  },
  Rollup: {
    file: "rollup.mjs",
    async bundle(entry, file) {
      const bundle = await rollup({
        input: entry,
        plugins: [nodeResolve()],
        external: /^node:/,
        logLevel: "silent",
      });
      await bundle.write({ file, format: "es" });
    },
  },
  "Vite, for servers": {
    file: "vite.mjs",
    bundle: (entry, outfile) =>
      vite({
        root: dirname(entry),
        configFile: false,
        logLevel: "error",
        ssr: { noExternal: true },
        build: {
          ssr: entry,
          outDir: dirname(outfile),
          emptyOutDir: false,
          rolldownOptions: { output: { entryFileNames: basename(outfile) } },
        },
      }),
  },
} satisfies Record<string, { file: string; bundle: (entry: string, outfile: string) => Promise<unknown> }>;

type Bundler = (typeof bundlers)[keyof typeof bundlers];

/** What the program prints when nothing is there but the file that a bundler made of it. */
async function runBundled(bundler: Bundler, settings: Record<string, string> = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-bundled-"));
  try {
    await bundler.bundle(join(consumer, "blocking.js"), join(folder, bundler.file));
    if (readdirSync(folder).length !== 1) throw new Error(`expected one file, got ${readdirSync(folder)}`);
    const { NODE_OPTIONS: _, ...env } = { ...process.env, ...settings };
    const { stdout } = await promisify(execFile)(process.execPath, [bundler.file], { cwd: folder, env });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Six bundlers share a machine that may be busy besides. */
describe.concurrent("a program that is one file, made by", { timeout: 180_000 }, () => {
  it.for(Object.entries(bundlers))(
    "%s, keeps its leases in the thread and runs once",
    async ([, bundler], { expect }) => {
      expect(await runBundled(bundler)).toBe(blockingPrints);
    },
  );

  it.skipIf(redisServerPath() === undefined)("esbuild, does so on Redis too", async ({ expect, onTestFinished }) => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const settings = { REDIS_ADDR: `127.0.0.1:${redis.port}` };
    expect(await runBundled(bundlers["esbuild, to CommonJS"], settings)).toBe(blockingPrints);
  });
});
