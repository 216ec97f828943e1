import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../../..");

/** A copy of the library's source that a test may change, to see what the change is refused by and what it brings about. */
export class SourceCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "hikyaku-source-"));

  constructor() {
    cpSync(join(root, "packages/core/src"), join(this.folder, "src"), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    writeFileSync(join(this.folder, "package.json"), '{ "type": "module" }');
  }

  /** Puts text behind the first place of a file where another text stands. */
  insert(path: string, behind: string, text: string): void {
    const file = join(this.folder, "src", path);
    const before = readFileSync(file, "utf8");
    if (!before.includes(behind)) throw new Error(`expected ${path} to hold ${JSON.stringify(behind)}`);
    // A function, since a text may hold what `replace` takes for a pattern.
    writeFileSync(
      file,
      before.replace(behind, () => behind + text),
    );
  }

  /** The files with something that the type checker refuses, tests left out, sorted. */
  refused(): string[] {
    const config = { extends: join(root, "tsconfig.base.json"), include: ["src"], exclude: ["src/**/*.test.ts"] };
    writeFileSync(join(this.folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/.bin/tsc");
    const { stdout } = spawnSync(tsc, ["-p", this.folder, "--pretty", "false"], { encoding: "utf8", cwd: this.folder });
    return [...new Set(stdout.split("\n").flatMap((line) => /^src\/(.+?)\(/.exec(line)?.[1] ?? []))].sort();
  }

  /** Runs a program beside the copied source, and gives what it writes. */
  run(program: string, ...args: string[]): string {
    writeFileSync(join(this.folder, "program.ts"), program);
    const { status, stdout, stderr } = spawnSync(process.execPath, ["program.ts", ...args], {
      encoding: "utf8",
      cwd: this.folder,
    });
    if (status !== 0) throw new Error(`the program ended with ${status}: ${stderr}`);
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
