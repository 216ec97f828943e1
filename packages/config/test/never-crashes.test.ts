import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { variableOf } from "../src/environment.ts";
import { ConfigError, loadConfig } from "../src/index.ts";
import { settingsSchema } from "../src/schema.ts";
import { settingPaths } from "../src/schema-node.ts";

it("whatever the files and the environment hold, the answer is settings or a ConfigError with problems", () => {
  const rootDir = mkdtempSync(join(tmpdir(), "hikyaku-config-"));
  const folder = join(rootDir, "config/local");
  mkdirSync(folder, { recursive: true });
  const paths = settingPaths(settingsSchema("local", rootDir));
  const anything = fc.anything({ maxDepth: 3, withBigInt: false, withDate: false });
  const setting = fc.tuple(fc.constantFrom(...paths), fc.nat(4), anything).map(([path, cut, value]) => {
    const shortened = path.slice(0, Math.max(1, path.length - (cut > 2 ? cut - 2 : 0)));
    return shortened.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  });
  const file = fc.oneof(setting.map(asYaml), fc.string(), anything.map(asYaml));
  const name = fc.oneof(
    fc.constantFrom(...paths.map(variableOf)),
    fc.string({ unit: "grapheme-ascii" }).map((end) => `HIKYAKU__${end}`),
  );
  const env = fc.dictionary(name, fc.oneof(fc.string(), fc.json(), fc.constantFrom("", "true", "1", "a:1,b:2")), {
    maxKeys: 3,
  });
  try {
    fc.assert(
      fc.property(file, file, env, (config, cacheserver, variables) => {
        writeFileSync(join(folder, "config.yaml"), config);
        writeFileSync(join(folder, "cacheserver.yaml"), cacheserver);
        try {
          expect(Object.isFrozen(loadConfig({ rootDir, env: variables }))).toBe(true);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
          for (const problem of error.problems) expect(problem.source).not.toBe("");
        }
      }),
      { numRuns: 200, endOnFailure: true },
    );
  } finally {
    rmSync(rootDir, { recursive: true });
  }
}, 60_000);

function asYaml(value: unknown): string {
  try {
    return stringify(value) ?? "";
  } catch {
    return "";
  }
}
