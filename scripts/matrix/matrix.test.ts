import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { redisCliPath } from "@hikyaku/test-support";
import { expect, it } from "vitest";

const program = join(import.meta.dirname, "../matrix.ts");

function matrix(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [program, ...args], { encoding: "utf8", env: { ...process.env, ...env } });
}

it.skipIf(redisCliPath() === undefined)(
  "refuses a path that is no server before it runs anything (needs redis-cli)",
  () => {
    const { status, stdout, stderr } = matrix([process.execPath]);
    expect({ status, stdout }).toEqual({ status: 64, stdout: "" });
    expect(stderr).toMatch(/expected a server that tells its version/);
  },
);

it("says so where there is no redis-cli, without which no test can look into a server", () => {
  const { status, stderr } = matrix([], { PATH: "/nowhere" });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "matrix: needs redis-cli, which is not on PATH; it comes with Redis\n",
  });
});
