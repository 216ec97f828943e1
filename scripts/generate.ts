// Writes the generated sources: protobuf code, embedded Lua scripts, embedded SQL migrations, the HTTP client.
// `npm run generate` writes what changed; `npm run generate -- --check` only compares and fails when something is stale.
// Same input, same bytes: no dates, no absolute paths, sorted by name.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as limits from "../packages/core/src/broker/limits.ts";
import { generateHttpClient } from "./generate/http-client.ts";
import { generateLua } from "./generate/lua.ts";
import { generateMigrations } from "./generate/migrations.ts";
import type { GeneratedFiles } from "./generate/output.ts";
import { generateProtobuf } from "./generate/protobuf.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const core = join(root, "packages/core");

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

const parts: GeneratedFiles[] = [
  generateProtobuf({ protoFolder: join(core, "proto"), outputFolder: join(core, "src/codec/generated") }),
  generateLua({ luaFolder: join(core, "src/broker/redis/lua"), limits }),
  generateMigrations({ migrationsFolder: join(core, "src/broker/sqlite/migrations") }),
  generateHttpClient({
    toolFolder: join(root, "packages/http-client/tool"),
    outputFolder: join(root, "packages/http-client/src/generated"),
    check: values.check,
  }),
];

const stale = parts.flatMap((part) => differences(part));
for (const { path, reason } of stale) {
  process.stderr.write(`generate: ${relative(root, path)} ${values.check ? reason : "written"}\n`);
}
if (values.check && stale.length > 0) {
  process.stderr.write(
    "generate: generated files do not match their sources; run `npm run generate` and keep the result\n",
  );
  process.exitCode = 1;
} else if (!values.check) {
  for (const { path, content } of stale) {
    if (content === undefined) {
      rmSync(path);
    } else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }
}

interface Difference {
  path: string;
  reason: string;
  /** What the file should hold; undefined when it should not exist. */
  content: string | undefined;
}

function differences({ files, ownedFolder }: GeneratedFiles): Difference[] {
  const found: Difference[] = [];
  for (const [path, content] of files) {
    const current = readIfThere(path);
    if (current !== content) found.push({ path, content, reason: current === undefined ? "is missing" : "is stale" });
  }
  if (ownedFolder !== undefined) {
    for (const path of filesBelow(ownedFolder)) {
      if (!files.has(path)) found.push({ path, content: undefined, reason: "has no source any more" });
    }
  }
  return found;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== ".DS_Store")
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
