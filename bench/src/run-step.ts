import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRedisServer } from "@hikyaku/test-support";
import { type Figure, isFault } from "./figure.ts";
import type { PostgresServer } from "./postgres-server.ts";
import type { ProfileKind } from "./profile.ts";
import type { Sizes } from "./sizes.ts";
import { startSlowProxy } from "./slow-proxy.ts";
import type { Store } from "./system.ts";
import { asynqName, postgresName } from "./systems.ts";
import { isAway, wantsTwoStores } from "./workloads.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("./run-one.ts", import.meta.url));

/**
 * Redis writes its log of commands and flushes it each second; it does not rewrite that log in the background, which
 * would fall into some runs and not into others.
 */
export const redisArgs = ["--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"];

export interface StepOptions {
  readonly sizes: Sizes;
  readonly asynqBinary: string | undefined;
  readonly postgres: PostgresServer | undefined;
  /** For a run that is made for its profile: which one, and the folder that it goes to. */
  readonly profile?: { readonly kind: ProfileKind; readonly folder: string };
  readonly signal: AbortSignal;
}

/** So that each of the many processes need not read its TypeScript anew. */
const compileCache = fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));

const usualLimitMs = 240_000;
const stallMs = 30_000;

/** Runs one workload of one system in a process of its own, on stores of its own, all of which are gone afterwards. */
export async function runStep(system: string, workload: string, options: StepOptions): Promise<Figure[]> {
  const { sizes, asynqBinary, postgres, profile, signal } = options;
  const redis = await startRedisServer({ args: redisArgs });
  const secondRedis = wantsTwoStores(workload) ? await startRedisServer({ args: redisArgs }) : undefined;
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-bench-"));
  const proxy = isAway(workload) ? await startSlowProxy(redis.port, 1) : undefined;
  const redisPort = proxy?.port ?? redis.port;
  try {
    const postgresUrl = system === postgresName ? await postgres?.freshDatabase() : undefined;
    const second =
      secondRedis === undefined
        ? undefined
        : { redisPort: secondRedis.port, folder: await mkdtemp(join(folder, "second-")), stallMs };
    const store: Store = { redisPort, folder, postgresUrl, stallMs, second };
    const [command, args] =
      system === asynqName && asynqBinary !== undefined
        ? [asynqBinary, [workload, String(redisPort), JSON.stringify(sizes)]]
        : [
            process.execPath,
            [
              "--conditions=source",
              program,
              system,
              workload,
              JSON.stringify(store),
              JSON.stringify(sizes),
              ...(profile === undefined ? [] : [profile.kind, profile.folder]),
            ],
          ];
    const timeout = usualLimitMs * Math.max(1, (sizes.backlog / 1_000_000) * 3);
    const { stdout, stderr } = await run(command, args, {
      timeout,
      signal,
      maxBuffer: 16 * 1024 * 1024,
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    });
    const figures: Figure[] = JSON.parse(stdout.trim().split("\n").at(-1) ?? "[]");
    // What a run has to say matters when something was wrong with it, or when it was made for its profile.
    if (profile !== undefined || figures.some((figure) => isFault(figure) && figure.value !== 0)) {
      process.stderr.write(stderr);
    }
    return figures;
  } finally {
    await proxy?.close();
    await redis.stop();
    await secondRedis?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
