import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type Config, ConfigError, loadConfig } from "../src/index.ts";

/** What a test writes and sets; what it leaves out is an empty file, an empty environment, and APP_ENV=local. */
export interface Given {
  readonly appEnv?: string;
  readonly config?: string | Uint8Array;
  readonly cacheserver?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** More files, by their path below the root. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Makes a new root folder with the given files, removed after the test. Returns its path. */
export function makeRoot({ appEnv = "local", config = "", cacheserver = "", files = {} }: Given): string {
  const root = mkdtempSync(join(tmpdir(), "hikyaku-config-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = `config/${appEnv}`;
  const all = { [`${folder}/config.yaml`]: config, [`${folder}/cacheserver.yaml`]: cacheserver, ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

/** Loads the given settings from a new root folder. */
export function load(given: Given, rootDir = makeRoot(given)): Config {
  return loadConfig({ rootDir, env: { APP_ENV: given.appEnv ?? "local", ...given.env } });
}

/** Loads settings that must be refused. Returns the lines of the message that tell the problems. */
export function problemsOf(given: Given, rootDir = makeRoot(given)): string[] {
  const error = errorOf(given, rootDir);
  const lines = error.message.split("\n").slice(1);
  return lines.map((line) => line.replace(/^ {2}\d+\. /, ""));
}

/** Loads settings that must be refused. Returns the error. */
export function errorOf(given: Given, rootDir = makeRoot(given)): ConfigError {
  try {
    load(given, rootDir);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("expected a ConfigError, got settings");
}
