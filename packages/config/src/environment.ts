import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseDocument } from "yaml";
import type { z } from "zod";
import type { ConfigProblem } from "./config-error.ts";
import { nodeOf, type Path, type SchemaNode, schemaAt, settingPaths } from "./schema-node.ts";
import { secretOfFile, secretPaths } from "./secrets.ts";
import { showValue } from "./show-value.ts";
import { nearestName } from "./suggest.ts";

const prefix = "HIKYAKU__";
const largestSecretBytes = 65_536;

/** One setting from the environment. */
export interface Override {
  readonly path: Path;
  readonly value: unknown;
  /** The name of the variable. */
  readonly source: string;
}

/** The variable that overrides a key: `HIKYAKU__SERVER__PORT` for `server.port`. */
export function variableOf(path: Path): string {
  return prefix + path.map((segment) => segment.toUpperCase()).join("__");
}

/** Reads every `HIKYAKU__` variable, whole settings before single entries of a map or a list. Never throws. */
export function readOverrides(
  env: NodeJS.ProcessEnv,
  schema: z.core.$ZodType,
  rootDir: string,
): { overrides: Override[]; problems: ConfigProblem[] } {
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  const known = knownVariables(schema);
  for (const source of Object.keys(env).sort()) {
    const raw = env[source];
    if (raw === undefined || !isMeantForUs(source, known)) continue;
    const result = readVariable(source, raw, { env, schema, rootDir, known });
    if ("expected" in result) problems.push(result);
    else overrides.push(result);
  }
  overrides.sort(({ path: a }, { path: b }) => a.length - b.length || compareKeys(a.join("."), b.join(".")));
  return { overrides, problems };
}

/** Item 2 of a list before its item 10. */
const compareKeys = new Intl.Collator("en", { numeric: true }).compare;

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly schema: z.core.$ZodType;
  readonly rootDir: string;
  readonly known: readonly string[];
}

function readVariable(source: string, raw: string, around: Surroundings): Override | ConfigProblem {
  const path = source.slice(prefix.length).toLowerCase().split("__");
  const isUpperCase = source === variableOf(path);
  const secretPath = secretOfFile(around.schema, path);
  if (isUpperCase && secretPath !== undefined) {
    return readSecretFile(source, raw, secretPath, around);
  }
  const target = isUpperCase ? schemaAt(around.schema, path) : undefined;
  if (target === undefined) {
    const hint = `the nearest known name is ${nearestName(source.toUpperCase(), around.known)}`;
    return { source, expected: "the name of a known setting", got: "an unknown name", hint };
  }
  const node = nodeOf(target);
  if (node.kind === "section" && !node.canBeFlag) {
    const names = Object.keys(node.keys).map((key) => variableOf([...path, key]));
    return { source, expected: `one setting a variable (${names.join(", ")})`, got: "a whole section" };
  }
  if (raw === "") {
    const hint = `unset the variable to keep the value of the file${node.kind === "list" ? ", or set it to []" : ""}`;
    return { source, key: path.join("."), expected: "a value", got: "an empty text", hint };
  }
  if (node.kind === "section") return { source, path: [...path, "enabled"], value: asFlag(raw) };
  const value = parse(raw, node);
  if (value instanceof MalformedValue) {
    return { source, key: path.join("."), expected: value.expected, got: value.got ?? showValue(raw) };
  }
  return { source, path, value };
}

/**
 * Turns a variable's text into the setting's value. Text that does not fit stays text, so that the schema refuses it.
 */
function parse(raw: string, node: SchemaNode): unknown {
  switch (node.kind) {
    case "number":
      return /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
    case "flag":
      return asFlag(raw);
    case "flag or list":
      return raw === "true" || raw === "false" ? asFlag(raw) : parseList(raw);
    case "list":
      return parseList(raw);
    case "map":
      return parseJson(raw, 'a JSON map, such as {"critical":6,"default":3}');
    default:
      return raw;
  }
}

function asFlag(raw: string): unknown {
  if (raw === "true") return true;
  return raw === "false" ? false : raw;
}

function parseList(raw: string): unknown {
  if (raw.trimStart().startsWith("[")) return parseJson(raw, 'a list: either a,b or JSON such as ["a","b"]');
  return raw.split(",").map((item) => item.trim());
}

class MalformedValue {
  readonly expected: string;
  readonly got: string | undefined;

  constructor(expected: string, got?: string) {
    this.expected = expected;
    this.got = got;
  }
}

function parseJson(raw: string, expected: string): unknown {
  try {
    const value: unknown = JSON.parse(raw);
    // JSON.parse keeps the last of two equal keys in silence.
    const repeats = parseDocument(raw, { schema: "json", prettyErrors: false, logLevel: "error" }).errors;
    if (repeats.some((error) => error.code === "DUPLICATE_KEY")) {
      return new MalformedValue("each key once", "a key that is given twice");
    }
    if (typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__")) {
      return new MalformedValue("another name", "the reserved name __proto__");
    }
    return value;
  } catch {
    return new MalformedValue(expected);
  }
}

function readSecretFile(source: string, file: string, path: Path, around: Surroundings): Override | ConfigProblem {
  const key = path.join(".");
  const direct = variableOf(path);
  if (around.env[direct] !== undefined) {
    return { source, key, expected: `either this variable or ${direct}`, got: "both" };
  }
  // The path is not shown: someone may have put the secret itself here.
  const expected = `the path of a readable file of 1 to ${largestSecretBytes} bytes that holds the secret`;
  if (file === "") return { source, key, expected, got: "an empty text", hint: "unset the variable to use no secret" };
  try {
    const absolute = resolve(around.rootDir, file);
    const { size } = statSync(absolute);
    if (!statSync(absolute).isFile()) return { source, key, expected, got: "the path of something else" };
    if (size > largestSecretBytes) return { source, key, expected, got: `a file of ${size} bytes` };
    // Editors and `echo` end a file with a line break that is no part of the secret.
    const value = readFileSync(absolute, "utf8").replace(/\r?\n$/, "");
    return value === "" ? { source, key, expected, got: "an empty file" } : { source, path, value };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return { source, key, expected, got: `a path that cannot be read (${code})` };
  }
}

function knownVariables(schema: z.core.$ZodType): string[] {
  const files = secretPaths(schema).map((path) => `${variableOf(path)}_FILE`);
  return [...settingPaths(schema).map(variableOf), ...files];
}

/** Also true for names that only miss an underscore or the upper case, so that a slip is reported and not ignored. */
function isMeantForUs(name: string, known: readonly string[]): boolean {
  const upper = name.toUpperCase();
  if (upper.startsWith(prefix)) return true;
  if (!upper.startsWith("HIKYAKU_")) return false;
  const loose = (text: string) => text.replaceAll(/_+/g, "_");
  return known.some((candidate) => loose(candidate) === loose(upper));
}
