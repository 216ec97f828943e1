import { execFile } from "node:child_process";
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type RedisServer, redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
const tools = join(root, "tests/strangers/node_modules");
const missing = !existsSync(tools);
let consumer: string;
let redis: RedisServer | undefined;

beforeAll(async () => {
  if (missing) return;
  consumer = makeConsumer();
  if (redisServerPath() !== undefined) redis = await startRedisServer();
});

afterAll(async () => {
  await redis?.stop();
  if (!missing) rmSync(consumer, { recursive: true, force: true });
});

async function run(
  program: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string }> {
  const { NODE_OPTIONS: _, VITEST: _inVitest, ...env } = process.env;
  return promisify(execFile)(program, args, { cwd: consumer, env: { ...env, ...settings }, timeout: 50_000 });
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
    if (redis === undefined) return;
    const onRedis = await run(join(tools, program), [...args, "blocking.js"], {
      REDIS_ADDR: `127.0.0.1:${redis.port}`,
    });
    expect(onRedis.stdout).toBe(blockingPrints);
  });

  it.for(["20", "18"])("is refused in one line by Node.js %s, whichever part is imported", async (major, { skip }) => {
    skip(missing, "npm ci --prefix tests/strangers --workspaces=false installs what they use");
    const parts = partsOf(consumer);
    writeFileSync(join(consumer, "old.js"), importingEach(parts));
    const { stdout } = await run(join(tools, `node${major}/bin/node`), ["old.js"]);
    const line = new RegExp(`^hikyaku: expected Node\\.js 22\\.16 or newer, got ${major}\\.\\S+ \\(.*\\)$`);
    expect(stdout.trimEnd().split("\n")).toEqual(parts.map(() => expect.stringMatching(line)));
  });

  it("runs the examples on Node.js 22, on SQLite and on Redis", async ({ skip }) => {
    skip(missing, "npm ci --prefix tests/strangers --workspaces=false installs what they use");
    skip(redis === undefined, "redis-server is not installed");
    linkInto(consumer, "zod", join(root, "node_modules/zod"));
    for (const name of ["first-task", "shared-with-go"]) {
      cpSync(join(root, "examples", `${name}.ts`), join(consumer, `${name}.ts`));
    }
    const node22 = join(tools, "node22/bin/node");
    const settings = { REDIS_URL: `redis://127.0.0.1:${redis?.port}` };
    expect((await run(node22, ["first-task.ts"])).stdout).toContain('attempt 1: mail "welcome" to user 42');
    expect((await run(node22, ["shared-with-go.ts"], settings)).stdout).toContain("resized the images of user 42");
  });

  it.for(["nodenext", "preserve"])("type-checks in TypeScript 6 with --module %s", async (module, { skip }) => {
    skip(missing, "npm ci --prefix tests/strangers --workspaces=false installs what they use");
    writeFileSync(
      join(consumer, "use.ts"),
      partsOf(consumer)
        .map((part, index) => `export * as part${index} from "${part}";\n`)
        .join(""),
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
