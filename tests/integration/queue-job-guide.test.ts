import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "@hikyaku/config";
import { type ProblemCode, STATUS_OF_PROBLEM } from "@hikyaku/contract";
import { freePort, startRedisServer } from "@hikyaku/test-support";
import { describe, expect, it } from "vitest";
import { projectFolder, run } from "./development-scripts.ts";
import { AppProcesses, eventually } from "./support/app-process.ts";
import { missingRedis, titled } from "./support/stores.ts";

const read = (path: string) => readFileSync(join(projectFolder, path), "utf8");
const english = read("docs/Queue-Job.md");
const japanese = read("docs/ja/Queue-Job.md");

/** The commands of a page, without their comments and the words that differ by language. */
function commandsIn(page: string): string[] {
  return [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
    block
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/ +# .*/, "").replace("こんにちは", "hello")),
  );
}

/** What a page names in `code` in each row of its tables, by row. */
function tableCodesIn(page: string): string[][] {
  const rows = page.split("\n").filter((line) => line.startsWith("|"));
  const codes = rows.map((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code));
  return codes.map((row) => row.map((code) => code.replace("ホスト:PID:ID", "host:pid:id")).sort());
}

describe("docs/Queue-Job.md in its two languages", () => {
  it("gives the same commands", () => {
    expect(commandsIn(japanese)).toEqual(commandsIn(english));
  });

  it("has the same tables: commands, fields, errors, keys, settings", () => {
    expect(tableCodesIn(japanese)).toEqual(tableCodesIn(english));
  });

  it("warns in both headings of what more than one worker means", () => {
    expect(english).toMatch(/^## Warning: more than one worker/m);
    expect(japanese).toMatch(/^## 【注意】ワーカーが複数/m);
  });

  it("names each error with the status that it has, and all that a client can cause", () => {
    const rows = english.split("\n").filter((line) => /^\| \d{3} \|/.test(line));
    const told = rows.flatMap((row) =>
      [...row.matchAll(/`(\w+)`/g)].map(([, code]) => [code, Number(row.slice(2, 5))]),
    );
    const errors = told.filter(([code]) => code !== undefined && code in STATUS_OF_PROBLEM);
    expect(errors).toEqual(errors.map(([code]) => [code, STATUS_OF_PROBLEM[code as ProblemCode]]));
    const clients: ProblemCode[] = ["malformed_body", "body_too_large", "unsupported_media_type", "invalid_body"];
    const servers: ProblemCode[] = ["rate_limited", "broker_unavailable", "answer_lost", "deadline_exceeded"];
    expect(errors.map(([code]) => code)).toEqual(expect.arrayContaining([...clients, ...servers]));
  });

  it("gives the defaults that the settings have", () => {
    const config = loadConfig({ env: {} });
    for (const [key, value] of [
      ["jobqueue.concurrency", config.jobqueue.concurrency],
      ["jobqueue.port", config.jobqueue.port],
      ["redis.jobqueue.addr", config.redis.jobqueue.addr],
      ["api.rate_limit.requests_per_minute", config.api.rateLimit.requestsPerMinute],
    ]) {
      const row = tableCodesIn(english).find((codes) => codes.includes(String(key)));
      expect(row, String(key)).toContain(String(value));
    }
  });
});

describe.skipIf(missingRedis !== undefined)(
  titled("the command that lists live workers in Redis", missingRedis),
  () => {
    it("lists one that runs, and no more a quarter of a minute after it was killed", async () => {
      const [, pattern = ""] = /^redis-cli --scan --pattern '(asynq:servers:[^']+)'/m.exec(english) ?? [];
      const redis = await startRedisServer();
      const apps = new AppProcesses();
      try {
        const scan = async () =>
          (await run("redis-cli", ["-p", String(redis.port), "--scan", "--pattern", pattern])).stdout;
        const settings = { JOBQUEUE__STORE: "redis", REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}` };
        const worker = apps.start("worker", { settings: { ...settings, JOBQUEUE__PORT: await freePort() } });
        await worker.ready();
        await eventually(5_000, async () => expect(await scan()).toMatch(/^asynq:servers:\{[^:]+:\d+:[^}]+\}\n$/));
        expect(await scan()).toContain(`:${worker.pid}:`);
        await worker.kill();
        await eventually(15_000, async () => expect(await scan()).toBe(""));
      } finally {
        await apps.killAll();
        await redis.stop();
      }
    });
  },
);

describe("the pages of the documentation", () => {
  const pages = ["README.md", "CONTRIBUTING.md", ...markdownIn("docs"), ...markdownIn("docs/ja")];

  it("tell nobody to write a file that git would then take up", async () => {
    const written = pages.flatMap((page) =>
      [
        ...read(page)
          .replaceAll(/^```ts\n.*?^```$/gms, "")
          .matchAll(/(?:(?<![=-])>>?|\btee) +([\w./-]+\.\w+)/g),
      ].map(([, file = ""]) => file),
    );
    expect(written).toContain("jobs.txt");
    expect(written).toContain("worker.log");
    const { stdout } = await run("git", ["check-ignore", ...new Set(written)]);
    expect(stdout.trim().split("\n").sort()).toEqual([...new Set(written)].sort());
  });
});

function markdownIn(folder: string): string[] {
  return readdirSync(join(projectFolder, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);
}
