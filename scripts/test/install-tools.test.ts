import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

/** Runs installTools() with a PATH that holds nothing but the given shell scripts. */
function installWith(programs: Record<string, string>): { folder: string; missing: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-tools-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\nfolder=${folder}\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const code = `import { installTools } from ${JSON.stringify(join(import.meta.dirname, "install-tools.ts"))};
process.stdout.write(JSON.stringify(installTools()));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module-typescript", "--eval", code], {
    env: { PATH: folder },
    encoding: "utf8",
  });
  expect(stdout, stderr).not.toBe("");
  return { folder, missing: JSON.parse(stdout) };
}

describe("installTools", () => {
  it("does nothing when everything is there", () => {
    const { missing } = installWith({ "redis-server": "", chromium: "", "apt-get": "exit 1" });
    expect(missing).toEqual([]);
  });

  describe("on Debian as root", () => {
    beforeEach(({ skip }) => {
      skip(!existsSync("/etc/debian_version") || process.getuid?.() !== 0, "needs Debian and root");
    });

    it("installs just what is missing", () => {
      const aptGet = `echo "$@" >> $folder/log; echo > $folder/chromium; /bin/chmod +x $folder/chromium`;
      const { folder, missing } = installWith({ "redis-server": "", "apt-get": aptGet });
      expect(missing).toEqual([]);
      const [update, install] = readFileSync(join(folder, "log"), "utf8").trim().split("\n");
      expect(update).toMatch(/ update$/);
      expect(install).toMatch(/ install -y --no-install-recommends chromium fonts-noto-cjk$/);
    });

    it("leaves Debian's word on starting services as it was", () => {
      const policy = "/usr/sbin/policy-rc.d";
      const before = existsSync(policy) ? readFileSync(policy, "utf8") : undefined;
      const { folder } = installWith({ "apt-get": `[ -x ${policy} ] && echo there > $folder/log` });
      expect(readFileSync(join(folder, "log"), "utf8")).toBe("there\n");
      expect(existsSync(policy) ? readFileSync(policy, "utf8") : undefined).toBe(before);
    });

    it("names what could not be installed, with the command that would", () => {
      const { missing } = installWith({ "apt-get": "exit 100" });
      expect(missing).toEqual([
        "redis-server is not installed; `sudo apt-get install --no-install-recommends redis-server` brings it",
        "chromium is not installed; `sudo apt-get install --no-install-recommends chromium fonts-noto-cjk` brings it",
      ]);
    });
  });
});
