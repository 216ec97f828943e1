import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

it("works under Node's own test runner, which ends by itself", async () => {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const fixture = join(import.meta.dirname, "node-runner.fixture.ts");
  const args = ["--conditions=source", "--test", "--test-reporter=tap", fixture];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const [code, output, errors] = await Promise.all([
    new Promise((resolve) => child.once("close", resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  expect({ code, output, errors }).toMatchObject({
    code: 0,
    output: expect.stringMatching(/# pass 3\n# fail 0/),
    errors: "",
  });
});
