import type { Store, System } from "./system.ts";

/** Loaded when asked for, so that no system pays for the others' code. */
export const systems: Readonly<Record<string, (store: Store) => Promise<System>>> = {
  "hikyaku (redis)": async (store) => (await import("./systems/hikyaku.ts")).hikyakuOnRedis(store),
  "hikyaku (sqlite)": async (store) => (await import("./systems/hikyaku.ts")).hikyakuOnSqlite(store),
  BullMQ: async (store) => new (await import("./systems/bullmq.ts")).BullMq(store),
  "bee-queue": async (store) => new (await import("./systems/bee-queue.ts")).BeeQueueSystem(store),
  "graphile-worker": async (store) => (await import("./systems/graphile-worker.ts")).graphileWorker(store),
};

/** The one that is a program of its own, in Go. */
export const asynqName = "Asynq (Go)";
/** The one that needs PostgreSQL. */
export const postgresName = "graphile-worker";
