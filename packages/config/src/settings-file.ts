import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { ConfigProblem } from "./config-error.ts";
import type { Path } from "./schema-node.ts";

/** One YAML file as it was read. */
export interface SettingsFile {
  /** Its path below the root of the repository. */
  readonly name: string;
  /** The file's content. Undefined when it could not be read. */
  readonly content: unknown;
  /** The place of each key and list item, such as `config/local/config.yaml:3`. */
  readonly places: readonly { readonly path: Path; readonly place: string }[];
  readonly problems: readonly ConfigProblem[];
}

/** Reads `name` below `rootDir`. Never throws: what is wrong with the file is in `problems`. */
export function readSettingsFile(rootDir: string, name: string): SettingsFile {
  const failed = (...problems: ConfigProblem[]): SettingsFile => ({ name, content: undefined, places: [], problems });
  let source: string;
  try {
    source = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(join(rootDir, name)));
  } catch (error) {
    return failed(unreadable(rootDir, name, error));
  }

  const lines = new LineCounter();
  const placeAt = (offset: number) => `${name}:${lines.linePos(offset).line}`;
  const document = parseDocument(source, {
    version: "1.2",
    schema: "core",
    stringKeys: true,
    prettyErrors: false,
    logLevel: "error",
    lineCounter: lines,
  });
  const problems: ConfigProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    source: placeAt(error.pos[0]),
    expected: error.code === "DUPLICATE_KEY" ? "each key once" : "valid YAML",
    got: error.code === "DUPLICATE_KEY" ? "a key that stands above it already" : `"${error.message}"`,
  }));
  if (document.directives?.yaml.version !== "1.2") {
    const got = `%YAML ${document.directives?.yaml.version}`;
    problems.push({ source: `${name}:1`, expected: "YAML 1.2", got, hint: "remove the line" });
  }
  // The first value of a repeated key is good enough to find other problems. The file is refused anyway.
  if (document.errors.some((error) => error.code !== "DUPLICATE_KEY")) return failed(...problems);

  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    return failed(...problems, { source: name, expected: "valid YAML", got: `"${messageOf(error)}"` });
  }
  const places: { path: Path; place: string }[] = [];
  collectPlaces(document.contents, [], placeAt, places);
  for (const { path, place } of places) {
    if (path.at(-1) !== "__proto__") continue;
    problems.push({ source: place, key: path.join("."), expected: "another name", got: "the reserved name __proto__" });
  }
  return { name, content, places, problems };
}

function collectPlaces(
  node: unknown,
  path: Path,
  placeAt: (offset: number) => string,
  places: { path: Path; place: string }[],
): void {
  // The values that an alias repeats have their own lines elsewhere. Their keys get the line of the alias.
  if (isAlias(node)) return;
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const itemPath = [...path, String(index)];
      const range = (item as Node | null)?.range;
      if (range) places.push({ path: itemPath, place: placeAt(range[0]) });
      collectPlaces(item, itemPath, placeAt, places);
    }
  }
  if (!isMap(node)) return;
  for (const pair of node.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue;
    const keyPath = [...path, String(pair.key.value ?? "")];
    if (pair.key.range) places.push({ path: keyPath, place: placeAt(pair.key.range[0]) });
    collectPlaces(pair.value, keyPath, placeAt, places);
  }
}

function unreadable(rootDir: string, name: string, error: unknown): ConfigProblem {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code !== "ENOENT") {
    const isText = code === "ERR_ENCODING_INVALID_ENCODED_DATA";
    return { source: name, expected: "a readable YAML file in UTF-8", got: isText ? "other bytes" : messageOf(error) };
  }
  const hint = existsSync(join(rootDir, `${name}.example`))
    ? `copy ${name}.example to ${name} and fill it in`
    : "restore it from the repository, or set APP_ENV to an environment that has its files";
  return { source: name, expected: "a YAML file", got: "no file", hint };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
