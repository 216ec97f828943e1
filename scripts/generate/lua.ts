import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type GeneratedFiles, header, namesIn, templateLiteral } from "./output.ts";

const includeLine = /^--- @include "([^"]*)"[ \t]*$/gm;
const limitName = /\bLIMITS\.(\w+)/g;
const fileName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * Embeds each `<name>.lua` of a folder into its `generated.ts` as an exported string named after the file
 * (`extend-lease.lua` becomes `extendLeaseLua`). A line `--- @include "name"` is replaced by `includes/name.lua`;
 * the second include of the same file in one script is dropped. `LIMITS.attemptsKept` becomes the number of that name.
 */
export function generateLua({
  luaFolder,
  limits = {},
}: {
  luaFolder: string;
  limits?: Readonly<Record<string, unknown>>;
}): GeneratedFiles {
  const names = namesIn(luaFolder, ".lua");
  if (names.length === 0) return { files: new Map() };
  const constants = names.map((name) => {
    if (!fileName.test(name)) {
      throw new Error(`${join(luaFolder, `${name}.lua`)}: expected a kebab-case file name such as "extend-lease.lua"`);
    }
    return `export const ${constantName(name)} = ${templateLiteral(withLimits(expandIncludes(luaFolder, name), limits, name))};\n`;
  });
  return { files: new Map([[join(luaFolder, "generated.ts"), `${header("*.lua")}\n${constants.join("\n")}`]]) };
}

function constantName(name: string): string {
  return `${name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}Lua`;
}

function withLimits(text: string, limits: Readonly<Record<string, unknown>>, name: string): string {
  return text.replaceAll(limitName, (whole, limit: string) => {
    const value = limits[limit];
    if (value === undefined)
      throw new Error(`${name}.lua: ${whole} is no limit; known are ${Object.keys(limits).join(", ")}`);
    return String(value);
  });
}

function expandIncludes(luaFolder: string, name: string): string {
  const seen = new Set<string>();
  const expand = (path: string): string =>
    readFileSync(path, "utf8").replaceAll(includeLine, (line, included: string) => {
      const includedPath = join(luaFolder, "includes", `${included}.lua`);
      if (!existsSync(includedPath))
        throw new Error(`${path}: ${line.trim()} names ${includedPath}, which does not exist`);
      if (seen.has(included)) return "";
      seen.add(included);
      return expand(includedPath).trimEnd();
    });
  return expand(join(luaFolder, `${name}.lua`));
}
