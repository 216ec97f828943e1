import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import type { Sizes } from "./sizes.ts";

/** What a result was measured on, and how. */
export interface Machine {
  readonly date: string;
  /** The commit; with `+` where files had been changed since. */
  readonly commit: string;
  readonly mode: "full" | "quick" | "partial" | "tiny";
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly redis: string;
  /** Of the peers and, where one took part, of PostgreSQL. */
  readonly versions: Readonly<Record<string, string>>;
  readonly durability: string;
  readonly payload: string;
  readonly rounds: number;
  readonly sizes: Sizes;
}

const durability = [
  "Redis: append-only file, flushed each second, not rewritten meanwhile",
  "SQLite: WAL, flushed after each commit, accepted means on disk",
  "PostgreSQL: its defaults, accepted means on disk",
].join(". ");

export function describeMachine(run: {
  readonly mode: Machine["mode"];
  readonly rounds: number;
  readonly sizes: Sizes;
  readonly postgres: string | undefined;
  /** Those that took part. */
  readonly systems: readonly string[];
}): Machine {
  const { mode, rounds, sizes, postgres, systems } = run;
  const peers = Object.entries({ ...peerVersions(), "Asynq (Go)": asynqVersion() });
  return {
    date: new Date().toISOString(),
    commit: commit(),
    mode,
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: /v=(\S+)/.exec(output("redis-server", ["--version"]))?.[1] ?? "unknown",
    versions: {
      ...Object.fromEntries(peers.filter(([name]) => systems.includes(name))),
      ...(postgres === undefined ? {} : { PostgreSQL: /\d+(\.\d+)*/.exec(postgres)?.[0] ?? postgres }),
    },
    durability,
    payload: "Payloads are JSON of 100 bytes; handlers do nothing",
    rounds,
    sizes,
  };
}

function peerVersions(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const { bullmq, "bee-queue": beeQueue, "graphile-worker": graphile } = manifest.dependencies;
  return { BullMQ: bullmq, "bee-queue": beeQueue, "graphile-worker": graphile };
}

function asynqVersion(): string {
  const mod = readFileSync(new URL("../asynq/go.mod", import.meta.url), "utf8");
  return /hibiken\/asynq v(\S+)/.exec(mod)?.[1] ?? "unknown";
}

function commit(): string {
  const changed = output("git", ["status", "--porcelain", "--untracked-files=no"]) !== "";
  return output("git", ["rev-parse", "--short=12", "HEAD"]).trim() + (changed ? "+" : "");
}

function output(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, [...args], { stdio: ["ignore", "pipe", "ignore"] }).toString();
  } catch {
    return "";
  }
}
