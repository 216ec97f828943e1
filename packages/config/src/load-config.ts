import { resolve } from "node:path";
import type { z } from "zod";
import { type Config, deepFreeze, inCamelCase } from "./config.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { crossCheck } from "./cross-checks.ts";
import { readOverrides, variableOf } from "./environment.ts";
import { type AppEnv, appEnvs, defaultAddr, fileOfSection, settingsSchema } from "./schema.ts";
import { nodeOf, type Path, schemaAt, settingPaths } from "./schema-node.ts";
import { secretAt, secretOfFile } from "./secrets.ts";
import { readSettingsFile, type SettingsFile } from "./settings-file.ts";
import { expandSections, SettingsTree } from "./settings-tree.ts";
import { showValue } from "./show-value.ts";
import { suggestKey } from "./suggest.ts";

/** What `loadConfig` reads. */
export interface LoadConfigOptions {
  /** Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** The folder that holds `config/`, and from which relative paths count. Default: the root of the repository. */
  readonly rootDir?: string;
}

/**
 * Reads `config/{APP_ENV}/config.yaml` and `cacheserver.yaml` and the `HIKYAKU__` variables over them, once.
 * Returns the checked settings, deeply frozen. Throws a ConfigError that lists everything that is wrong; the process
 * should print its message on stderr and exit with CONFIG_EXIT_CODE.
 */
export function loadConfig(options: LoadConfigOptions = {}): Config {
  const env = options.env ?? process.env;
  const rootDir = resolve(options.rootDir ?? resolve(import.meta.dirname, "../../.."));
  const appEnv = readAppEnv(env);
  const schema = settingsSchema(appEnv, rootDir);

  const tree = new SettingsTree();
  const problems: ConfigProblem[] = [];
  const fileNames = [...new Set(Object.values(fileOfSection))];
  const files = fileNames.map((name) => readSettingsFile(rootDir, fileNameOf(appEnv, name)));
  for (const file of files) problems.push(...file.problems, ...addFile(tree, file, appEnv, schema));

  const overrides = readOverrides(env, schema, rootDir);
  problems.push(...overrides.problems);
  for (const { path, value, source } of overrides.overrides) {
    const gap = gapBefore(tree, path, schema, source);
    if (gap === undefined) tree.set(path, value, source, schema);
    else problems.push(gap);
  }

  const waysToRedis = ["addr", "sentinel", "cluster"].filter(
    (key) => tree.get(["redis", "jobqueue", key]) !== undefined,
  );
  if (waysToRedis.length === 0) tree.set(["redis", "jobqueue", "addr"], defaultAddr, "the default", schema);

  const result = schema.safeParse(tree.root);
  const context: Context = { appEnv, schema, tree, files };
  if (!result.success) problems.push(...result.error.issues.flatMap((issue) => problemsOf(issue, context)));
  if (files.every((file) => file.content !== undefined)) problems.push(...crossCheck(tree));
  if (problems.length > 0 || !result.success) throw new ConfigError(appEnv, withoutRepeats(problems));
  return deepFreeze({ appEnv, ...(inCamelCase(result.data, schema) as Omit<Config, "appEnv">) } as Config);
}

function readAppEnv(env: NodeJS.ProcessEnv): AppEnv {
  const value = env["APP_ENV"] ?? "local";
  const found = appEnvs.find((name) => name === value);
  if (found !== undefined) return found;
  const expected = `one of ${appEnvs.join(", ")}`;
  const problem = { source: "APP_ENV", expected, got: showValue(value), hint: "unset it for local" };
  throw new ConfigError(JSON.stringify(value), [problem]);
}

function fileNameOf(appEnv: AppEnv, name: string): string {
  return `config/${appEnv}/${name}`;
}

/**
 * Puts a file's sections into the tree. Returns what must not stand in this file: secrets, and sections of the other
 * file.
 */
function addFile(tree: SettingsTree, file: SettingsFile, appEnv: AppEnv, schema: z.core.$ZodType): ConfigProblem[] {
  const content = file.content;
  if (content === undefined) return [];
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return [{ source: file.name, expected: "a map of keys", got: showValue(content) }];
  }
  const problems: ConfigProblem[] = [];
  for (const [section, value] of Object.entries(content)) {
    if (section === "__proto__") continue;
    const home = Object.hasOwn(fileOfSection, section)
      ? fileOfSection[section as keyof typeof fileOfSection]
      : undefined;
    if (home === undefined || file.name === fileNameOf(appEnv, home)) {
      const sectionSchema = schemaAt(schema, [section]);
      const expanded = sectionSchema === undefined ? value : expandSections(value, sectionSchema);
      tree.root = { ...(tree.root as object), [section]: expanded };
      continue;
    }
    const source = file.places.find(({ path }) => path.length === 1 && path[0] === section)?.place ?? file.name;
    const hint = `move it to ${fileNameOf(appEnv, home)}`;
    problems.push({ source, key: section, expected: `only the keys of ${basename(file.name)}`, got: section, hint });
  }
  for (const { path, place } of file.places) {
    tree.setOrigin(path, place);
    const secret = secretAt(schema, path) ?? secretOfFile(schema, path);
    if (secret !== undefined) problems.push(misplacedSecret(path, secret, place));
  }
  return problems;
}

function basename(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function misplacedSecret(path: Path, secret: Path, place: string): ConfigProblem {
  const variable = variableOf(secret);
  return {
    source: place,
    key: path.join("."),
    expected: "no secret in a file that may be committed",
    got: "one (not shown)",
    hint: `remove it and set ${variable}, or ${variable}_FILE to the path of a file that holds it`,
  };
}

/** A list may grow by one item at a time. A hole in it would be an item that nobody gave. */
function gapBefore(tree: SettingsTree, path: Path, schema: z.core.$ZodType, source: string): ConfigProblem | undefined {
  const listPath = path.slice(0, -1);
  const listSchema = schemaAt(schema, listPath);
  if (listSchema === undefined || nodeOf(listSchema).kind !== "list") return undefined;
  const items = tree.get(listPath) ?? [];
  if (!Array.isArray(items) || Number(path.at(-1)) <= items.length) return undefined;
  const expected = `a position from 0 to ${items.length}, the end of the list`;
  return { source, key: listPath.join("."), expected, got: String(path.at(-1)) };
}

/**
 * Drops repeated problems. A number that is too large breaks two rules with one message; an alias repeats the problems
 * of its anchor.
 */
function withoutRepeats(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

interface Context {
  readonly appEnv: AppEnv;
  readonly schema: z.core.$ZodType;
  readonly tree: SettingsTree;
  readonly files: readonly SettingsFile[];
}

function problemsOf(issue: z.core.$ZodIssue, context: Context): ConfigProblem[] {
  const { schema } = context;
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.flatMap((key) => unknownKey([...path, key], context));
  }
  const section = path[0];
  const fileName = section !== undefined && section in fileOfSection ? fileOf(section, context) : "config";
  const origin = context.tree.originOf(path);
  // Nobody knows what a broken file would have given, so only the environment's settings can be judged.
  const isFileBroken = context.files.some((file) => file.name === fileName && file.content === undefined);
  if (isFileBroken && origin === undefined) return [];
  const expected = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const got = issue.code === "invalid_key" ? showValue(path.at(-1)) : showValue(context.tree.get(path));
  const isSecret = secretAt(schema, path) !== undefined;
  const hidden = {
    source: origin ?? fileName,
    key: path.join("."),
    expected,
    got: isSecret ? "another (not shown)" : got,
  };
  return [hidden];
}

function unknownKey(path: Path, { appEnv, schema, tree }: Context): ConfigProblem[] {
  // The environment's unknown names, and secrets in a file, are reported where they are read.
  if (secretOfFile(schema, path) !== undefined) return [];
  const parent = schemaAt(schema, path.slice(0, -1));
  const node = parent === undefined ? undefined : nodeOf(parent);
  const siblings = node?.kind === "section" ? Object.keys(node.keys) : [];
  const hint = suggestKey(path, siblings, settingPaths(schema));
  const source = tree.originOf(path) ?? `config/${appEnv}`;
  return [{ source, key: path.join("."), expected: "a known key", got: "an unknown one", hint }];
}

function fileOf(section: string, { appEnv }: Context): string {
  return fileNameOf(appEnv, fileOfSection[section as keyof typeof fileOfSection]);
}
