import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type GeneratedFiles, namesIn } from "./output.ts";

const tools = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "node_modules/.bin");

/** Turns every `.proto` file of a folder into TypeScript for `@bufbuild/protobuf`, one `<name>_pb.ts` each. */
export function generateProtobuf(options: { protoFolder: string; outputFolder: string }): GeneratedFiles {
  const files = new Map<string, string>();
  if (namesIn(options.protoFolder, ".proto").length === 0) return { files };
  const scratch = mkdtempSync(join(tmpdir(), "hikyaku-proto-"));
  try {
    const template = {
      version: "v2",
      plugins: [{ local: "protoc-gen-es", out: scratch, opt: ["target=ts", "import_extension=ts"] }],
    };
    const { status, error, stderr } = spawnSync(
      join(tools, "buf"),
      ["generate", options.protoFolder, "--template", JSON.stringify(template)],
      { encoding: "utf8", env: { ...process.env, PATH: `${tools}${delimiter}${process.env["PATH"] ?? ""}` } },
    );
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`buf could not generate code from ${options.protoFolder}:\n${stderr}`);
    for (const entry of readdirSync(scratch, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(join(options.outputFolder, relative(scratch, path)), readFileSync(path, "utf8"));
    }
    return { files, ownedFolder: options.outputFolder };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
