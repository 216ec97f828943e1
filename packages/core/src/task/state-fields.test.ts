import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { migrate } from "../broker/sqlite/migrate.ts";
import { innerStateFields, type StateField, shownStateFields } from "./state-fields.ts";
import { fieldNames, fieldRow } from "./task-fields.ts";

const rows: readonly Partial<Pick<StateField, "hash" | "column">>[] = [
  ...fieldNames.map(fieldRow),
  ...Object.values(shownStateFields),
  ...Object.values(innerStateFields),
];

describe("the tables of what is known of a task", () => {
  it("name each column that SQLite has for it", () => {
    const database = new DatabaseSync(":memory:");
    migrate(database, "memory");
    const columns = database.prepare("SELECT name FROM pragma_table_info('tasks')").all();
    database.close();
    expect(rows.flatMap(({ column }) => column ?? []).sort()).toEqual(columns.map(({ name }) => name).sort());
  });

  it("name each field of our own in its hash in Redis", () => {
    const folder = join(import.meta.dirname, "../broker/redis/lua");
    const text = globSync("**/*.lua", { cwd: folder }).map((name) => readFileSync(join(folder, name), "utf8"));
    const named = text.join("\n").matchAll(/'(hk:[a-z]+)'/g);
    // No field of a hash, but a member that no set holds.
    const written = new Set(Array.from(named, ([, name]) => name).filter((name) => name !== "hk:none"));
    const told = new Set(rows.flatMap(({ hash }) => hash ?? []).filter((name) => name.startsWith("hk:")));
    expect([...told].sort()).toEqual([...written].sort());
  });
});
