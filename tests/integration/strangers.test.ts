import { execFile } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blockingPrints, linkInto, makeConsumer, matchersTest, strict } from "./support/packed-library.ts";

const root = join(import.meta.dirname, "../..");
const tools = join(root, "tests/strangers/node_modules");
const missing = !existsSync(tools);
let consumer: string;

beforeAll(() => {
  if (!missing) consumer = makeConsumer();
});

afterAll(() => {
  if (!missing) rmSync(consumer, { recursive: true, force: true });
});

async function run(program: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { NODE_OPTIONS: _, VITEST: _inVitest, ...env } = process.env;
  return promisify(execFile)(program, args, { cwd: consumer, env, timeout: 50_000 });
}

describe("the published package", () => {
  it.for([
    ["Node.js 22", "node22/bin/node"],
    ["Bun", ".bin/bun"],
    ["Deno", ".bin/deno", "run", "--allow-all"],
  ] as const)("works and stops on %s, with a lease thread", async ([, program, ...args], { skip }) => {
    skip(missing, "npm ci --prefix tests/strangers --workspaces=false installs what they use");
    const { stdout, stderr } = await run(join(tools, program), [...args, "blocking.js"]);
    expect(stdout).toBe(blockingPrints);
    expect(stderr).not.toMatch(/uncaught/i);
  });

  it("is refused in one line by Node.js 20, whichever part is imported", async ({ skip }) => {
    skip(missing, "npm ci --prefix tests/strangers --workspaces=false installs what they use");
    writeFileSync(
      join(consumer, "old.js"),
      `for (const part of ["", "/redis", "/sqlite", "/testing", "/testing/vitest"])
  console.log(await import("hikyaku" + part).then(() => "imported " + part, (error) => error.message));`,
    );
    const { stdout } = await run(join(tools, "node20/bin/node"), ["old.js"]);
    expect(stdout.split("\n", 5)).toEqual(
      Array(5).fill(expect.stringMatching(/^hikyaku: expected Node\.js 22\.16 or newer, got 20\.\S+ \(.*\)$/)),
    );
  });

  it.for(["nodenext", "preserve"])("type-checks in TypeScript 6 with --module %s", async (module, { skip }) => {
    skip(missing, "npm ci --prefix tests/strangers --workspaces=false installs what they use");
    writeFileSync(
      join(consumer, "use.ts"),
      ["", "/redis", "/sqlite", "/testing"].map((part) => `export * from "hikyaku${part}";\n`).join(""),
    );
    const compiler = join(tools, "typescript6/bin/tsc");
    const options = [...strict, "--module", module, "--lib", "es2024,esnext.disposable"];
    await expect(run(process.execPath, [compiler, ...options, "use.ts"])).resolves.toEqual({ stdout: "", stderr: "" });
  });

  it.for(["vitest3", "vitest4"])("has matchers, with types, for %s", async (vitest, { skip }) => {
    skip(missing, "npm ci --prefix tests/strangers --workspaces=false installs what they use");
    rmSync(join(consumer, "node_modules/vitest"), { force: true });
    linkInto(consumer, "vitest", join(tools, vitest));
    writeFileSync(join(consumer, "matchers.test.ts"), matchersTest);
    const options = [...strict, "--lib", "es2024,esnext.disposable,dom", "--skipLibCheck", "matchers.test.ts"];
    expect(await run(join(root, "node_modules/.bin/tsc"), options)).toEqual({ stdout: "", stderr: "" });
    const { stdout } = await run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "matchers.test.ts"]);
    expect(stdout).toContain("1 passed");
  });
});
