import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const guides = ["testing", "from-asynq", "from-bullmq"];

/** Every block of TypeScript in the guides is a whole program. */
const programs = guides.flatMap((guide) => {
  const text = readFileSync(join(root, "docs", `${guide}.md`), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""], index) => ({
    name: `${guide}-${index + 1}.ts`,
    code,
  }));
});
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hikyaku-guides-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "programs"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  for (const { name, code } of programs) writeFileSync(join(folder, "programs", name), code);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[]): { status: number | null; output: string } {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: "utf8", timeout: 30_000 });
  return { status, output: stdout + stderr };
}

describe("the programs in the guides", () => {
  it("have the types that they seem to have", () => {
    const config = {
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
      include: ["programs"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    expect(run(join(root, "node_modules/.bin/tsc"), ["-p", "."])).toEqual({ status: 0, output: "" });
  });

  it("hold nothing that the oldest Node.js which we support can't read", () => {
    const withUsing = programs.filter(({ code }) => /\busing \w+ =/.test(code)).map(({ name }) => name);
    expect(withUsing).toEqual([]);
  });

  it("run and end, each of them", () => {
    const names = programs.filter(({ code }) => !code.includes('from "vitest"')).map(({ name }) => name);
    const all = names.map((name) => `console.error("${name}");\nawait import("./programs/${name}");\n`);
    writeFileSync(join(folder, "all.ts"), all.join(""));
    const { status, output } = run(process.execPath, ["--conditions=source", "all.ts"]);
    // The last name in the output is that of the program that failed.
    expect(output).toContain(names.at(-1));
    expect({ status, output }).toMatchObject({ status: 0 });
  });
});
