import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, posix } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/** One import, re-export, dynamic import or type import, from one of our files. */
export interface Arrow {
  /** Path from the project's folder, with forward slashes. */
  from: string;
  line: number;
  specifier: string;
  /** One of our files: its path. Node.js itself: `node:sqlite`. A package: `npm:redis`. */
  to: string;
}

/** The arrows of every TypeScript file of the workspaces below `root`. Throws on one that leads nowhere. */
export function readArrows(root: string): Arrow[] {
  const entries = readEntryPoints(root);
  return globSync("{packages,apps}/**/*.{ts,tsx}", { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] })
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .flatMap((from) =>
      readSpecifiers(from, readFileSync(join(root, from), "utf8")).map(({ specifier, line }) => ({
        from,
        line,
        specifier,
        to: resolve(root, entries, { from, line, specifier }),
      })),
    );
}

function readSpecifiers(path: string, source: string): { specifier: string; line: number }[] {
  const { program, errors } = parseSync(path, source);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: cannot be read: ${error.message}`);
  const found: { specifier: string; line: number }[] = [];
  const add = (node: { type: string; start: number } | null): void => {
    if (node?.type !== "Literal" || !("value" in node) || typeof node.value !== "string") return;
    found.push({ specifier: node.value, line: source.slice(0, node.start).split("\n").length });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
  }).visit(program);
  return found;
}

/** `hikyaku/redis` to `packages/core/src/broker/redis/index.ts`, for every export of every workspace. */
function readEntryPoints(root: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const manifestPath of globSync("{packages,apps}/*/package.json", { cwd: root })) {
    const manifest: { name: string; exports?: Record<string, string | { source?: string }> } = JSON.parse(
      readFileSync(join(root, manifestPath), "utf8"),
    );
    for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
      const file = typeof target === "string" ? target : target.source;
      if (file !== undefined) entries.set(posix.join(manifest.name, subpath), posix.join(dirname(manifestPath), file));
    }
  }
  return entries;
}

function resolve(root: string, entries: Map<string, string>, arrow: Omit<Arrow, "to">): string {
  const { from, line, specifier } = arrow;
  if (specifier.startsWith(".")) {
    const to = posix.join(posix.dirname(from), specifier.replace(/\?.*$/, ""));
    const path = join(root, to);
    if (existsSync(path) && statSync(path).isFile()) return to;
    throw new Error(
      `${from}:${line}: "${specifier}" leads to ${to}, which is no file; imports name the file with its ending`,
    );
  }
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  const entry = entries.get(specifier);
  if (entry !== undefined) return entry;
  const [first = "", second = ""] = specifier.split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  if (entries.has(name)) throw new Error(`${from}:${line}: "${specifier}" is not among the exports of ${name}`);
  return `npm:${name}`;
}
