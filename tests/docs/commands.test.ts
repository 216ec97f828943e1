import { loadConfig } from "@hikyaku/config";
import { redisServerPath } from "@hikyaku/test-support";
import { afterAll, beforeAll, describe, it, type TestContext } from "vitest";
import { type Block, blocksOf } from "./support/declared.ts";
import { inlineCodeOf, pages } from "./support/pages.ts";
import { matches, patternOf } from "./support/samples.ts";
import { Checkout, type Ended, missingProgram } from "./support/shell.ts";
import { startWorld, type World } from "./support/world.ts";

const withoutRedis = redisServerPath() === undefined;
let shared: World | undefined;

beforeAll(async () => {
  shared = withoutRedis ? undefined : await startWorld();
});
afterAll(() => shared?.end());

type Step = Block<"sh"> | Block<"text"> | Block<"acl">;

function stepsOf(page: string): Step[] {
  return blocksOf(page).filter((block) => ["sh", "text", "acl"].includes(block.language)) as Step[];
}

describe.skipIf(withoutRedis)("the commands of a page do what it says (needs redis-server)", () => {
  it("and the requests that pages name are served", async ({ expect }) => {
    const answer = await fetch(`http://127.0.0.1:${shared?.port}/openapi.json`);
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> };
    const named = pages.flatMap((page) => inlineCodeOf(page).filter((code) => /^[A-Z]+ \/api\//.test(code)));
    expect(named.length).toBeGreaterThan(5);
    const isServed = (request: string): boolean => {
      const [method = "", path = ""] = request.split(/[ ?]/);
      return Object.hasOwn(paths[path] ?? {}, method.toLowerCase());
    };
    expect(named.filter((request) => !isServed(request))).toEqual([]);
  });

  it.concurrent.for(pages.filter((page) => stepsOf(page).length > 0))("%s", async (page, { expect, skip }) => {
    const missing = stepsOf(page).map((step) => (step.language === "sh" ? missingProgram(step) : undefined));
    for (const program of missing) skip(program !== undefined, `${program} is not installed`);
    const checkout = new Checkout();
    try {
      const state: { last: Ended | undefined } = { last: undefined };
      for (const step of stepsOf(page)) await take(step, checkout, state, expect);
    } finally {
      checkout.remove();
    }
  });
});

async function take(step: Step, checkout: Checkout, state: { last: Ended | undefined }, expect: TestContext["expect"]) {
  const place = `${step.page}:${step.line}`;
  if (step.language === "acl") return takeUser(step, checkout, expect);
  if (step.language === "sh") {
    const settings = await checkout.variables(step);
    for (const env of settings ?? []) {
      expect(Object.keys(env), place).not.toEqual([]);
      loadConfig({ env, rootDir: checkout.path });
    }
    if (settings === undefined) state.last = await runBlock(step, checkout, expect);
    return;
  }
  const { not, from, refused } = step.run;
  if (not !== undefined) return;
  if (refused !== undefined) {
    checkout.write("config/local/config.yaml", refused.config);
    expect(() => loadConfig({ env: refused.env, rootDir: checkout.path }), place).toThrow(step.code.trimEnd());
  } else if (from === "worker") {
    await shared?.app.stdout.next(patternOf(step.code), { timeoutMs: 60_000 });
  } else {
    expect(state.last?.stdout, place).toSatisfy((stdout: string) => matches(stdout, step.code));
  }
}

async function runBlock(block: Block<"sh">, checkout: Checkout, expect: TestContext["expect"]): Promise<Ended> {
  const own = block.run.own === true ? await startWorld() : undefined;
  try {
    const ended = await checkout.run(block, block.run.named === undefined ? (own ?? shared) : undefined);
    expect(ended.code, `${block.page}:${block.line}\n${ended.stdout}${ended.stderr}`).toBe(block.run.exit ?? 0);
    return ended;
  } finally {
    await own?.end();
  }
}

/** Gives the Redis of the page's commands the user that the page describes, with the password `secret`. */
async function takeUser(block: Block<"acl">, checkout: Checkout, expect: TestContext["expect"]): Promise<void> {
  const words = block.code
    .trim()
    .replace("<password>", "secret")
    .replace(/^user /, "");
  const code = `redis-cli acl setuser ${words.replaceAll(/[&~*><|]/g, "\\$&")}\n`;
  const { stdout, stderr } = await checkout.run({ ...block, language: "sh", code, run: {} }, shared);
  expect(`${stdout}${stderr}`, `${block.page}:${block.line}`).toBe("OK\n");
}
