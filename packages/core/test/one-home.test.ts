import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

/*
 * A lease begins, moves and ends in one place of each store, and a task joins the line and leaves it in one place. What has to
 * happen at these moments then happens on every path. Where one of these tests fails, use what the file named in it offers, or
 * add to that.
 */

const redis = join(import.meta.dirname, "../src/broker/redis");

function filesBelow(folder: string, ending: string): { readonly name: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending) && basename(path) !== "generated.ts")
    .map((path) => ({ name: path, text: readFileSync(join(folder, path), "utf8") }));
}

const homesInLua = new Set([
  ...["lease", "leases", "resume-leases", "line", "leave-line"].map((name) => `includes/${name}.lua`),
]);
const writing =
  /'(?:LPUSH|RPUSH|LREM|LTRIM|LSET|LINSERT|LPOP|RPOP|LMOVE|RPOPLPUSH|ZADD|ZREM|ZREM[A-Z]+|ZPOP[A-Z]+|DEL|UNLINK|RENAME|SET)',\s*(KEYS\[\d+\]|\w+)/g;
const writingFields = /'(?:HSET|HSETNX|HDEL)',[^\n]*('hk:lease'|'state', 'pending')/g;

/** What the script calls each of its keys: in its header, and by the names that it gives them. */
function keyNames(text: string): ReadonlyMap<string, string> {
  const names = new Map(["pending", "active", "lease"].map((name) => [name, name]));
  const header = /^-- KEYS ([\s\S]*?)(?:^-- ARGV|\bARGV\b|^[^-])/m.exec(text)?.[1] ?? "";
  for (const [, number, name] of header.matchAll(/(\d+)\s+(pending|active|lease)\b/g)) {
    if (number !== undefined && name !== undefined) names.set(`KEYS[${number}]`, name);
  }
  for (const [, left = "", right = ""] of text.matchAll(/^local ([\w, ]+) = ((?:KEYS\[\d+\](?:, )?)+)$/gm)) {
    const keys = right.split(", ");
    for (const [index, local] of left.split(", ").entries()) {
      const name = names.get(keys[index] ?? "");
      if (name !== undefined) names.set(local, name);
    }
  }
  return names;
}

/** What a script does by itself that belongs to the includes. */
function breachesInLua(text: string): string[] {
  const code = text.replaceAll(/--.*$/gm, "");
  const names = keyNames(text);
  const keys = [...code.matchAll(writing)].filter(([, key = ""]) => names.has(key));
  const fields = [...code.matchAll(writingFields)];
  return [...keys, ...fields].map(([found]) => found);
}

describe("scripts of Redis", () => {
  const scripts = filesBelow(join(redis, "lua"), ".lua");

  it("write leases and the line by the includes lease, leases and line alone", () => {
    expect(scripts.length).toBeGreaterThan(40);
    const breaches = scripts
      .filter(({ name }) => !homesInLua.has(name))
      .flatMap(({ name, text }) => breachesInLua(text).map((breach) => `${name}: ${breach}`));
    expect(breaches).toEqual([]);
  });

  it.each([
    ["-- KEYS 1 active\nlocal active = KEYS[1]\nredis.call('LREM', active, 1, id)", "'LREM', active"],
    ["-- KEYS 1 task  2 lease   ARGV 1 id\nredis.call('ZREM', KEYS[2], id)", "'ZREM', KEYS[2]"],
    ["-- KEYS 1 pending\nlocal line = KEYS[1]\nredis.pcall('RPUSH', line, id)", "'RPUSH', line"],
    ["redis.call('HDEL', key, 'hk:lease')", "'HDEL', key, 'hk:lease'"],
    ["redis.call('HSET', key, 'state', 'pending')", "'HSET', key, 'state', 'pending'"],
  ])("are seen where they don't: %s", (text, breach) => {
    expect(breachesInLua(text)).toEqual([breach]);
  });
});

describe("commands that the Redis adapter sends by itself", () => {
  it("write the line in the transaction for new tasks alone, and leases nowhere", () => {
    const writers = filesBelow(redis, ".ts")
      .filter(({ name }) => !name.startsWith("wire/"))
      .filter(({ text }) => /"(?:LPUSH|RPUSH|LREM|LTRIM|LMOVE)"|"Z(?:ADD|REM)", keys\.lease/.test(text));
    expect(writers.map(({ name }) => name)).toEqual(["new-tasks.ts"]);
  });
});

describe("statements of SQLite", () => {
  const homes = new Set(["lease.ts", "line.ts"]);

  /** What a file does by itself that belongs to the two. */
  function breachesInSql(text: string): string[] {
    const columns = /\bSET\b[^;]*?\b(?:position|pending_since|lease_ends_at|lease_token|claimed_at) = [^=]/g;
    const updates = [...text.matchAll(/UPDATE tasks SET[^`"]*?(?:WHERE|[`"])/g)].flatMap(([update]) => [
      ...update.matchAll(columns),
    ]);
    const others = text.matchAll(/DELETE FROM tasks[^`";]*lease_token|transaction\.(?:backOf|frontOf)\(/g);
    return [...updates, ...others].map(([found]) => found);
  }

  it("write leases and the line in the modules lease and line alone", () => {
    const files = filesBelow(join(import.meta.dirname, "../src/broker/sqlite"), ".ts");
    const breaches = files
      .filter(({ name }) => !homes.has(name))
      .flatMap(({ name, text }) => breachesInSql(text).map((breach) => `${name}: ${breach}`));
    expect(breaches).toEqual([]);
  });

  it.each([
    "`UPDATE tasks SET state = 'archived', lease_token = NULL WHERE number = ?`",
    '"UPDATE tasks SET position = ? WHERE number = ?"',
    "`\n  DELETE FROM tasks WHERE queue = ? AND lease_token = ?`",
    "transaction.frontOf(queue)",
  ])("are seen where they don't: %s", (text) => {
    expect(breachesInSql(text)).toHaveLength(1);
  });
});
