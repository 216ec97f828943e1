import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../../..");
const folders: string[] = [];

/** The files that the type checker refuses for their list of fields, once a message has one more. */
function refusedWith(field: string): string[] {
  const source = join(import.meta.dirname, "..");
  const folder = mkdtempSync(join(root, "node_modules", "one-more-field-"));
  folders.push(folder);
  const module = JSON.stringify(join(import.meta.dirname, "task-message.ts"));
  writeFileSync(
    join(folder, "field.ts"),
    `import ${module};\ndeclare module ${module} { interface TaskMessage { ${field} } }\n`,
  );
  const checked = ["codec/task-codec", "broker/sqlite/task-row", "scheduler/task-blueprint"];
  const config = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
    files: [join(folder, "field.ts"), ...checked.map((name) => join(source, `${name}.ts`))],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/.bin/tsc");
  const { stdout } = spawnSync(tsc, ["-p", folder, "--pretty", "false"], { encoding: "utf8", cwd: root });
  const complaints = stdout.split("\n").filter((line) => line.includes("'EachField<"));
  return complaints.map((line) => /([a-z-]+)\.ts\(/.exec(line)?.[1] ?? line).sort();
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("a message with one more field", () => {
  it.each(["readonly priority: number", "readonly priority?: number"])(
    "is refused by all that goes through the fields: %s",
    (field) => {
      expect(refusedWith(field)).toEqual(["task-blueprint", "task-codec", "task-row"]);
    },
    60_000,
  );
});
