import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { generateLua } from "./lua.ts";
import { generateMigrations } from "./migrations.ts";
import { generateProtobuf } from "./protobuf.ts";

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-generate-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** What a generated file exports when it is run. */
async function exportsOf(files: Map<string, string>, path: string): Promise<Record<string, unknown>> {
  const file = join(folderWith({ "generated.ts": files.get(path) ?? "" }), "generated.ts");
  return import(file);
}

describe("embedded Lua", () => {
  it("keeps every byte of a script, under the name of its file", async () => {
    const script = `-- a \`quoted\` \${word}\nreturn "\\n" -- 飛脚\n`;
    const luaFolder = folderWith({ "extend-lease.lua": script, "done.lua": "return 1\n" });
    const { files } = generateLua({ luaFolder });
    expect([...files.keys()]).toEqual([join(luaFolder, "generated.ts")]);
    expect({ ...(await exportsOf(files, join(luaFolder, "generated.ts"))) }).toEqual({
      doneLua: "return 1\n",
      extendLeaseLua: script,
    });
  });

  it("puts an included file where it is asked for, once", async () => {
    const luaFolder = folderWith({
      "enqueue.lua": '-- head\n--- @include "b"\n--- @include "a"\nreturn a()\n',
      "includes/a.lua": "local function a() return 1 end\n",
      "includes/b.lua": '--- @include "a"\nlocal function b() return a() end\n',
    });
    const { files } = generateLua({ luaFolder });
    const { enqueueLua } = await exportsOf(files, join(luaFolder, "generated.ts"));
    expect(enqueueLua).toBe(
      "-- head\nlocal function a() return 1 end\nlocal function b() return a() end\n\nreturn a()\n",
    );
  });

  it("names the include that is not there", () => {
    const luaFolder = folderWith({ "enqueue.lua": '--- @include "gone"\n' });
    expect(() => generateLua({ luaFolder })).toThrow(
      /enqueue\.lua: --- @include "gone" names .*gone\.lua, which does not/,
    );
  });

  it("puts the numbers of the limits that a script names, and knows no others", async () => {
    const luaFolder = folderWith({ "keep.lua": "return LIMITS.eventsKept\n" });
    const { files } = generateLua({ luaFolder, limits: { eventsKept: 1_000 } });
    expect(await exportsOf(files, join(luaFolder, "generated.ts"))).toMatchObject({ keepLua: "return 1000\n" });
    expect(() => generateLua({ luaFolder, limits: { kept: 1 } })).toThrow(
      "keep.lua: LIMITS.eventsKept is no limit; known are kept",
    );
  });

  it("refuses a name that is not kebab-case", () => {
    expect(() => generateLua({ luaFolder: folderWith({ "extendLease.lua": "" }) })).toThrow(/expected a kebab-case/);
  });
});

describe("embedded migrations", () => {
  it("come in the order of their numbers", async () => {
    const migrationsFolder = folderWith({ "0002-groups.sql": "SELECT 2;\n", "0001-tables.sql": "SELECT 1;\n" });
    const { files } = generateMigrations({ migrationsFolder });
    const { migrations } = await exportsOf(files, join(migrationsFolder, "generated.ts"));
    expect(migrations).toEqual([
      { version: 1, name: "tables", sql: "SELECT 1;\n" },
      { version: 2, name: "groups", sql: "SELECT 2;\n" },
    ]);
  });

  it.each([
    ["a gap", { "0001-a.sql": "", "0003-b.sql": "" }, /0003-b\.sql: expected version 2 next, got 3/],
    ["a number used twice", { "0001-a.sql": "", "0001-b.sql": "" }, /0001-b\.sql: expected version 2 next, got 1/],
    ["another form of name", { "1-a.sql": "" }, /1-a\.sql: expected four digits/],
  ])("refuse %s", (_, files, message) => {
    expect(() => generateMigrations({ migrationsFolder: folderWith(files) })).toThrow(message);
  });
});

describe("generated protobuf code", () => {
  it("is made for each .proto file and is the same each time", () => {
    const protoFolder = folderWith({
      "task.proto": 'syntax = "proto3";\npackage test;\nmessage Task { string id = 1; }\n',
    });
    const first = generateProtobuf({ protoFolder, outputFolder: "/out" });
    expect([...first.files.keys()]).toEqual(["/out/task_pb.ts"]);
    expect(first.files.get("/out/task_pb.ts")).toContain("export type Task = ");
    expect(generateProtobuf({ protoFolder, outputFolder: "/out" })).toEqual(first);
  });

  it("says what buf found wrong", () => {
    const protoFolder = folderWith({ "task.proto": "message {" });
    expect(() => generateProtobuf({ protoFolder, outputFolder: "/out" })).toThrow(/task\.proto:1:1?/);
  });
});

it("generates nothing from folders that do not exist", () => {
  const gone = join(folderWith({}), "gone");
  expect(generateProtobuf({ protoFolder: gone, outputFolder: gone }).files.size).toBe(0);
  expect(generateLua({ luaFolder: gone }).files.size).toBe(0);
  expect(generateMigrations({ migrationsFolder: gone }).files.size).toBe(0);
});
