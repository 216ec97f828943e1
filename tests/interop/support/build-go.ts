// Builds the Go programs once for all tests of tests/interop, into a folder that git ignores.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { redisServerPath } from "../../../scripts/test/tools.ts";

/** The programs to run, or why there are none. */
export type GoPrograms = { readonly peer: string; readonly fixtures: string } | { readonly missing: string };
/** Go's web tool to run, or why there is none. */
export type AsynqmonProgram = { readonly asynqmon: string } | { readonly missing: string };

declare module "vitest" {
  interface ProvidedContext {
    goPrograms: GoPrograms;
    asynqmonProgram: AsynqmonProgram;
  }
}

const programs = join(import.meta.dirname, "../../../node_modules/.cache/hikyaku-interop");
/** The first build on a machine fetches asynq and compiles it. */
const buildTimeoutMs = 300_000;
const modulesCannotBeFetched =
  /dial tcp|no such host|proxyconnect|i\/o timeout|connection refused|module lookup disabled/;

export function setup(project: TestProject): void {
  const goPrograms = { peer: join(programs, "peer"), fixtures: join(programs, "fixtures") };
  project.provide("goPrograms", build("go", "./cmd/...") ?? goPrograms);
  // A module of its own: it needs another version of asynq.
  project.provide("asynqmonProgram", build("asynqmon", ".") ?? { asynqmon: join(programs, "asynqmon") });
}

/** Builds programs of a module of tests/interop. Gives why that is impossible here, if it is. */
function build(module: string, packages: string): { readonly missing: string } | undefined {
  const source = join(import.meta.dirname, "..", module);
  if (redisServerPath() === undefined) return { missing: "needs redis-server, which is not on PATH" };
  mkdirSync(programs, { recursive: true });
  const { status, stderr, error } = spawnSync("go", ["build", "-o", `${programs}/`, packages], {
    cwd: source,
    encoding: "utf8",
    timeout: buildTimeoutMs,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off" },
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
    return { missing: "needs Go, which is not on PATH: proof against asynq itself runs only with it" };
  }
  if (status === 0) return undefined;
  const reason = stderr.trim();
  if (modulesCannotBeFetched.test(reason)) {
    return { missing: `Go's modules can't be fetched: ${reason.split("\n")[0]}` };
  }
  throw new Error(`go build of ${source} failed: ${error?.message ?? reason}`);
}
