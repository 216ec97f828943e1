import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, loadConfig } from "@hikyaku/config";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { variableOf } from "../../packages/config/src/environment.ts";
import { settingsSchema } from "../../packages/config/src/schema.ts";
import { settingPaths } from "../../packages/config/src/schema-node.ts";
import { codesIn, rowsOf } from "./support/tables.ts";

const page = "docs/configuration.md";
const tables = ["## Keys of config.yaml", "### The queue's Redis", "### The shared cache, for rate limits"];
const rows = tables
  .flatMap((heading) => rowsOf(page, heading))
  .map(([key, variable, value = "", meaning = ""]) => {
    return { key: codesIn(key)[0] ?? "", variable: codesIn(variable)[0] ?? "", value, meaning };
  });

let rootDir: string;

beforeAll(() => {
  rootDir = mkdtempSync(join(tmpdir(), "hikyaku-settings-"));
  for (const env of ["local", "develop"]) {
    mkdirSync(join(rootDir, "config", env), { recursive: true });
    for (const file of ["config.yaml", "cacheserver.yaml"]) writeFileSync(join(rootDir, "config", env, file), "{}\n");
  }
});
afterAll(() => rmSync(rootDir, { recursive: true }));

/** What must be given so that this setting can be, beside itself. */
function givenFor(key: string): Record<string, string> {
  const given: Record<string, string> = {};
  const [section] = /^redis\.jobqueue\.(sentinel|cluster)|^redis\.default\.cluster/.exec(key) ?? [];
  const prefix = `HIKYAKU__${(section ?? "redis.jobqueue").replaceAll(".", "__").toUpperCase()}`;
  if (section === "redis.jobqueue.sentinel") given[`${prefix}__MASTER_NAME`] = "queue";
  if (section?.startsWith("redis.jobqueue") === true) given[`${prefix}__ADDRS`] = "a:26379";
  if (key.includes(".tls.")) given[`${prefix}__TLS__ENABLED`] = "true";
  if (key.endsWith(".min_delay_ms")) given[`${prefix}__RECONNECT__MAX_DELAY_MS`] = "600000";
  return given;
}

function settingOf(key: string, env: Record<string, string>): unknown {
  const inCode = key.split(".").map((name) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
  const config: unknown = loadConfig({ env: { ...givenFor(key), ...env }, rootDir });
  const value = inCode.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], config);
  return typeof value === "string" ? value.replace(`${rootDir}/`, "") : value;
}

describe("the tables of docs/configuration.md", () => {
  it("have a row for each setting and no other, with its variable", () => {
    const paths = settingPaths(settingsSchema("local", "/"));
    const known = paths.map((path) => `${path.join(".")} ${variableOf(path)}`).sort();
    expect(rows.map(({ key, variable }) => `${key} ${variable}`).sort()).toEqual(known);
  });

  // What has to be given has none, and a cell left empty is as the row of the same name above it.
  const withDefault = rows.filter(({ key, variable, value }) => value !== "" && !(variable in givenFor(key)));

  it.for(withDefault.filter(({ value }) => !/^must be given/.test(value)))(
    "tell the default of $key",
    ({ key, value }) => {
      const [local, elsewhere] = codesIn(value);
      const isNone = /^none|^the (system|host|commit)/.test(value);
      expect(settingOf(key, {})).toEqual(isNone ? undefined : parse(local ?? ""));
      if (!/^\S+ in local/.test(value)) return;
      const develop = { APP_ENV: "develop", HIKYAKU__SERVER__HOST: "127.0.0.1" };
      if (elsewhere === undefined) expect(() => settingOf(key, { APP_ENV: "develop" })).toThrow(ConfigError);
      else expect(settingOf(key, develop)).toEqual(parse(elsewhere));
    },
  );

  it.for(rows.filter(({ meaning }) => /\b\d+ to \d+/.test(meaning)))(
    "tell the limits of $key",
    ({ key, variable, meaning }) => {
      const [, least = "", most = "", ofText] = /\b(\d+) to (\d+)( printable| characters)?/.exec(meaning) ?? [];
      const written = (value: number): string => {
        if (ofText !== undefined) return "a".repeat(value);
        return key === "jobqueue.queues" ? JSON.stringify({ default: value }) : String(value);
      };
      for (const value of [Number(least), Number(most)]) settingOf(key, { [variable]: written(value) });
      for (const value of [Number(least) - 1, Number(most) + 1]) {
        expect(() => settingOf(key, { [variable]: written(value) }), String(value)).toThrow(ConfigError);
      }
    },
  );
});
