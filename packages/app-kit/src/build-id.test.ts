import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "@hikyaku/config";
import { describe, expect, it, onTestFinished } from "vitest";
import { buildId } from "./build-id.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";

function aRepository(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "hikyaku-build-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, ".git/refs/heads"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, ".git", name), text);
  return root;
}

const config = loadConfig({ env: {} });

describe("the name of the code that runs", () => {
  it("is what the settings say", () => {
    const set = loadConfig({ env: { HIKYAKU__JOBQUEUE__BUILD: "release-7" } });
    expect(buildId(set, aRepository({ HEAD: commit }))).toBe("release-7");
  });

  it("is else the commit: of a branch, packed or not, or checked out by itself", () => {
    const HEAD = "ref: refs/heads/main\n";
    expect(buildId(config, aRepository({ HEAD, "refs/heads/main": `${commit}\n` }))).toBe("0123456789ab");
    const packed = `# pack-refs with: peeled\n${commit} refs/heads/main\n`;
    expect(buildId(config, aRepository({ HEAD, "packed-refs": packed }))).toBe("0123456789ab");
    expect(buildId(config, aRepository({ HEAD: `${commit}\n` }))).toBe("0123456789ab");
  });

  it("is unknown where there is no repository", () => {
    expect(buildId(config, aRepository({}))).toBeUndefined();
  });
});
