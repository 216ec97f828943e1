import { existsSync, readdirSync } from "node:fs";

/** What one generator wants on disk. */
export interface GeneratedFiles {
  /** Absolute path to content. */
  files: Map<string, string>;
  /** A folder in which every file is generated: what is not in `files` is left over and goes. */
  ownedFolder?: string;
}

/** The names in `folder` that end in `extension`, without it, sorted; none when the folder does not exist. */
export function namesIn(folder: string, extension: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .map((name) => name.slice(0, -extension.length))
    .sort();
}

/** The first lines of every file that these scripts write themselves. */
export function header(sources: string): string {
  return `// Generated from ${sources} by \`npm run generate\`; do not edit.\n`;
}

/** `text` as a TypeScript template literal that keeps its line breaks, so that diffs stay readable. */
export function templateLiteral(text: string): string {
  return `\`${text.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\``;
}
