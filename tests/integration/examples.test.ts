import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, it, onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");

/** Runs an example as its first lines say. */
async function run(name: string, env: Record<string, string> = {}): Promise<string[]> {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...own } = process.env;
  const child = spawn(process.execPath, ["--conditions=source", `examples/${name}.ts`], {
    cwd: root,
    env: { ...own, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [code, output, errors] = await Promise.all([
    new Promise((resolve) => child.once("close", resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  expect({ code, errors, output }).toMatchObject({ code: 0, errors: "" });
  return output.trimEnd().split("\n");
}

/** What each example prints; where the lines come from several tasks their order is free. */
const printed: Record<string, readonly string[]> = {
  "first-task": ["enqueued email:send (scheduled)", 'attempt 1: mail "welcome" to user 42'],
  results: ["writing the report of 2026-03", "completed: 12 pages, in 1 attempt"],
  "graceful-stop": ["short: finished", "long: asked to stop (closed)", "left for the next server: 2 tasks"],
};

describe("the examples", () => {
  it.each(Object.keys(printed))("%s prints what it promises, and ends", async (name) => {
    expect(await run(name)).toEqual(printed[name]);
  });

  it("testing-a-feature passes its own tests", async () => {
    expect((await run("testing-a-feature")).join("\n")).toMatch(/pass 3\n.*fail 0/);
  });

  it.skipIf(redisServerPath() === undefined)("shared-with-go works on a Redis", async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    expect(await run("shared-with-go", { REDIS_URL: redis.url })).toEqual([
      "the same again: task_exists",
      "resized the images of user 42",
    ]);
  });

  it("are all run here", () => {
    const files = globSync("*.ts", { cwd: join(root, "examples") }).map((file) => file.replace(".ts", ""));
    expect(files.sort()).toEqual([...Object.keys(printed), "shared-with-go", "testing-a-feature"].sort());
  });
});
