import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chromiumPath, redisServerPath } from "./tools.ts";

interface Tool {
  name: string;
  find: () => string | undefined;
  debianPackages: readonly string[];
  elsewhere: string;
}

const tools: readonly Tool[] = [
  {
    name: "redis-server",
    find: redisServerPath,
    debianPackages: ["redis-server"],
    elsewhere: "brew install redis",
  },
  {
    name: "chromium",
    find: chromiumPath,
    debianPackages: ["chromium", "fonts-noto-cjk"],
    elsewhere: "brew install --cask google-chrome",
  },
];

const aptTimeoutMs = 5 * 60_000;

/**
 * Installs the programs that the tests need and npm can't bring, from Debian's packages if this process may. Returns
 * one sentence for each program that is still missing, with the command that would install it.
 */
export function installTools(): string[] {
  const missing = tools.filter((tool) => tool.find() === undefined);
  if (missing.length > 0 && existsSync("/etc/debian_version") && process.getuid?.() === 0) {
    const packages = missing.flatMap((tool) => tool.debianPackages);
    process.stderr.write(`test: installing ${packages.join(", ")} with apt-get\n`);
    withoutStartingServices(() => {
      const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
      const patience = ["-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30"];
      const apt = (...args: string[]) =>
        spawnSync("apt-get", ["-q", ...patience, ...args], { stdio: ["ignore", 2, 2], env, timeout: aptTimeoutMs });
      apt("update");
      apt("install", "-y", "--no-install-recommends", ...packages);
    });
  }
  return missing.filter((tool) => tool.find() === undefined).map(howToInstall);
}

function howToInstall({ name, debianPackages, elsewhere }: Tool): string {
  return existsSync("/etc/debian_version")
    ? `${name} is not installed; \`sudo apt-get install --no-install-recommends ${debianPackages.join(" ")}\` brings it`
    : `${name} is not installed; \`${elsewhere}\` or your system's package manager brings it`;
}

/** Debian starts a packaged server as soon as it is installed, unless this file says no. The tests start their own. */
function withoutStartingServices(install: () => void): void {
  const policy = "/usr/sbin/policy-rc.d";
  const ours = "#!/bin/sh\n# Written by Hikyaku's npm test for the time of one installation.\nexit 101\n";
  if (!existsSync(policy)) writeFileSync(policy, ours, { mode: 0o755 });
  try {
    install();
  } finally {
    if (readFileSync(policy, "utf8") === ours) rmSync(policy);
  }
}
