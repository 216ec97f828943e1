import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { Target } from "./target.ts";

const version = "4.32.5";
const folder = join(import.meta.dirname, `../../.cache/schemathesis-${version}`);
const program = join(folder, "bin/schemathesis");
const token = "a-token-of-the-test-0123456789";
const run = promisify(execFile);

/** Those that it expects by itself, and 413 and 431: what is too long for its schema can be too long for any request. */
const refusals = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, 431, 503];
/** Also of what fits its schema, some is refused: a cursor that nobody gave out, two fields that exclude each other. */
const answers = ['"2xx"', '"3xx"', 401, 403, 404, 409, 412, 422, 429, 431];
const settings = `
[checks.negative_data_rejection]
expected-statuses = [${refusals.join(", ")}]
[checks.positive_data_acceptance]
expected-statuses = [${answers.join(", ")}]
# Each item has an outcome of its own, so a wrong one is refused in an answer with 200.
[[operations]]
include-path-regex = "/tasks/bulk$"
checks.negative_data_rejection.expected-statuses = [200, ${refusals.join(", ")}]
`;
/** How long it tries, in seconds. */
const tryFor = 60;

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

const json = { authorization: `Bearer ${token}`, "content-type": "application/json" };

/** What the document's examples name, so that not everything is answered with 404. */
async function fill(target: Target): Promise<void> {
  const post = async (path: string, body: object): Promise<void> => {
    const { status } = await target.ask(`/api/v1${path}`, {
      method: "POST",
      headers: json,
      body: JSON.stringify(body),
    });
    if (status !== 201) throw new Error(`expected 201 from ${path}, got ${status}`);
  };
  await post("/queues/default/tasks", { type: "email:send", id: "welcome-mail-42" });
  for (let index = 0; index < 20; index++) {
    await post("/queues/default/tasks", { type: "email:send", payload: { to: index } });
    await post("/queues/default/tasks", { type: "email:send", group: "tenant-7" });
    await post("/queues/default/tasks", { type: "email:send", delay: "1h" });
  }
  await post("/schedules", { id: "nightly-report", spec: "@hourly", task: { type: "report:send" } });
}

describe.each(["embedded", "redis"] as const)("the description of the API, on the %s store,", (store) => {
  let missing: string | undefined;
  let target: Target | undefined;
  let redis: RedisServer | undefined;
  beforeAll(async () => {
    missing = await install();
    if (store === "redis" && inject("redisServerPath") === null) missing ??= "redis-server is not installed";
    if (missing !== undefined) return;
    if (store === "redis") redis = await startRedisServer();
    target = await Target.start("api", {
      settings: {
        API__OPERATIONS__TOKEN: token,
        API__RATE_LIMIT__OPERATIONS_REQUESTS_PER_MINUTE: 1_000_000,
        JOBQUEUE__STORE: store,
        ...(redis !== undefined && { REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}` }),
      },
    });
    await fill(target);
  }, 400_000);
  afterAll(async () => {
    await target?.end();
    await redis?.stop();
  });
  beforeEach(({ skip }) => skip(missing !== undefined, missing));

  it("says what the server does, whatever is sent", { timeout: 240_000 }, async () => {
    await writeFile(join(folder, "schemathesis.toml"), settings);
    const options = ["--checks", "all", "--max-time", String(tryFor), "--seed", "1", "--no-color"];
    // Events go on until somebody leaves.
    options.push("--exclude-path-regex", "/events$", "--continue-on-failure");
    // Some calls wait for what they started.
    options.push("--request-timeout", "45", "--max-response-time", "40");
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
