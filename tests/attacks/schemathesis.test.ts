import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Target } from "./target.ts";

const version = "4.32.5";
const folder = join(import.meta.dirname, `../../.cache/schemathesis-${version}`);
const program = join(folder, "bin/schemathesis");
const token = "a-token-of-the-test-0123456789";
const run = promisify(execFile);

/** Those that it expects by itself, and 431: what is too long for its schema can be too long for any address. */
const refusals = [400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, 431, 503];
const settings = `[checks.negative_data_rejection]\nexpected-statuses = [${refusals.join(", ")}]\n`;

/** Installs it where it is not there yet. Tells why it can't be, or nothing. */
async function install(): Promise<string | undefined> {
  if (existsSync(program)) return undefined;
  try {
    await run("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"], { timeout: 20_000 });
  } catch {
    return "needs python3 of 3.10 or newer on PATH";
  }
  try {
    await run("python3", ["-m", "venv", folder], { timeout: 120_000 });
    const options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"];
    await run(join(folder, "bin/pip"), ["install", ...options, `schemathesis==${version}`], { timeout: 240_000 });
    return undefined;
  } catch {
    // Half of it would look as if it were there.
    await rm(folder, { recursive: true, force: true });
    return `schemathesis ${version} could not be installed with python3 -m venv and pip`;
  }
}

describe("the description of the API", () => {
  let missing: string | undefined;
  let target: Target | undefined;
  beforeAll(async () => {
    missing = await install();
    if (missing === undefined) target = await Target.start("api", { settings: { API__OPERATIONS__TOKEN: token } });
  }, 400_000);
  afterAll(() => target?.end());
  beforeEach(({ skip }) => skip(missing !== undefined, missing));

  it("says what the server does, whatever is sent", { timeout: 240_000 }, async () => {
    await writeFile(join(folder, "schemathesis.toml"), settings);
    const options = ["--checks", "all", "--max-examples", "10", "--seed", "1", "--no-color"];
    const address = `http://127.0.0.1:${target?.port}/openapi.json`;
    const { stdout, failed } = await run(
      program,
      ["run", address, ...options, "--header", `Authorization: Bearer ${token}`],
      { timeout: 220_000, cwd: folder, maxBuffer: 64 * 1024 * 1024 },
    ).then(
      (ended) => ({ ...ended, failed: false }),
      (error: { stdout?: string }) => ({ stdout: error.stdout ?? String(error), failed: true }),
    );
    // Bodies and addresses in it can be long.
    const shown = stdout.replaceAll(/.{300,}/g, (line) => `${line.slice(0, 300)}…`).slice(-6_000);
    expect(failed, shown).toBe(false);
    expect(stdout).toMatch(/Tested: +\d/);
  });
});
