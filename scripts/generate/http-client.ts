import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { operationsDocument } from "../../packages/contract/src/index.ts";
import type { GeneratedFiles } from "./output.ts";

interface Options {
  /** Where the generator is installed, apart from the workspace: it needs a TypeScript older than ours. */
  readonly toolFolder: string;
  readonly outputFolder: string;
  /** Only tells whether the files are fresh, which the generator is not needed for. */
  readonly check: boolean;
}

/**
 * Turns the OpenAPI document of the operations into a TypeScript client. A digest beside the files says of what and as
 * what they were generated.
 */
export function generateHttpClient({ toolFolder, outputFolder, check }: Options): GeneratedFiles {
  const document = JSON.stringify(operationsDocument());
  const digestPath = join(outputFolder, "digest.txt");
  const sources = digestOf([
    document,
    ...["package-lock.json", "generate-client.mjs"].map((name) => readFileSync(join(toolFolder, name), "utf8")),
  ]);
  const present = filesIn(outputFolder);
  const digest = `${sources} ${digestOfFiles(present, outputFolder)}\n`;
  if (existsSync(digestPath) && readFileSync(digestPath, "utf8") === digest) {
    return { files: present.set(digestPath, digest), ownedFolder: outputFolder };
  }
  if (check) return { files: new Map([[digestPath, digest]]) };
  const scratch = mkdtempSync(join(tmpdir(), "hikyaku-http-client-"));
  try {
    writeFileSync(join(scratch, "document.json"), document);
    if (!existsSync(join(toolFolder, "node_modules")))
      run("npm", ["ci", "--ignore-scripts", "--workspaces=false"], toolFolder);
    const made = join(scratch, "client");
    run(process.execPath, ["generate-client.mjs", join(scratch, "document.json"), made], toolFolder);
    const files = new Map(
      [...filesIn(made)].map(([path, content]) => [join(outputFolder, relative(made, path)), content]),
    );
    files.set(digestPath, `${sources} ${digestOfFiles(files, outputFolder)}\n`);
    return { files, ownedFolder: outputFolder };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** All but the digest, sorted by path. */
function filesIn(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "digest.txt")
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(path, "utf8")]));
}

function digestOfFiles(files: ReadonlyMap<string, string>, folder: string): string {
  return digestOf([...files].flatMap(([path, content]) => [relative(folder, path), content]));
}

function digestOf(texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex");
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed in ${cwd}:\n${stdout}${stderr}`);
}
