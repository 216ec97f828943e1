import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Program, ProgramFolder, programs } from "./support/programs.ts";

const all = programs();
const folder = new ProgramFolder(all);
const withoutRedis = redisServerPath() === undefined;
let redisPort: number | undefined;
let stopRedis: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  if (withoutRedis) return;
  const redis = await startRedisServer({ args: ["--databases", String(all.length + 1)] });
  redisPort = redis.port;
  stopRedis = () => redis.stop();
});

afterAll(async () => {
  await stopRedis();
  folder.remove();
});

function needsRedis({ code }: Program): boolean {
  return code.includes("redis://127.0.0.1:6379");
}

describe("the TypeScript of the pages", () => {
  it("has the types that it seems to have", async () => {
    expect(await folder.checkTypes()).toEqual({ code: 0, output: "" });
  });

  it("has no syntax that is newer than the oldest Node.js which we support, such as `await using`", async () => {
    for (const { name, code } of all) {
      const [oldest, newest] = await Promise.all(
        ["node22.16", "esnext"].map((target) =>
          transform(code, { loader: "ts", target, supported: { using: target === "esnext" } }),
        ),
      );
      expect(oldest?.code, name).toBe(newest?.code);
    }
  });
});

describe.concurrent("a program of the pages runs to its end", () => {
  const runs = all.filter(({ block }) => block.run.types === undefined);
  it.for(runs.map((program, db) => ({ program, db, title: program.name })))(
    "$title",
    async ({ program, db }, { skip, expect }) => {
      skip(withoutRedis && needsRedis(program), "redis-server is not installed");
      const { code, output } = await folder.run(program, redisPort, db);
      if (program.block.run.until === undefined) expect(code, output).toBe(0);
      else expect(output).toContain(program.block.run.until);
    },
  );
});
