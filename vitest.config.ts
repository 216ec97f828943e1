import { availableParallelism } from "node:os";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { chromiumPath, redisServerPath } from "./scripts/test/tools.ts";

// Our packages resolve to their TypeScript, in vite's resolver and in Node's own.
const serverConditions = ["source", ...defaultServerConditions];

export default defineConfig({
  resolve: { conditions: ["source", ...defaultClientConditions] },
  ssr: { resolve: { conditions: serverConditions, externalConditions: serverConditions } },
  test: {
    pool: "forks",
    maxWorkers: Math.min(4, availableParallelism()),
    execArgv: ["--conditions=source"],
    setupFiles: ["./scripts/test/leaves-nothing-running.ts"],
    provide: { redisServerPath: redisServerPath() ?? null, chromiumPath: chromiumPath() ?? null },
    unstubEnvs: true,
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{packages,apps}/**/*.test.{ts,tsx}", "scripts/**/*.test.ts"],
          testTimeout: 15_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["tests/{integration,soak}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "docs",
          include: ["tests/docs/**/*.test.ts"],
          maxConcurrency: 3,
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "interop",
          include: ["tests/interop/**/*.test.ts"],
          globalSetup: ["tests/interop/support/build-go.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "chaos",
          include: ["tests/chaos/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "attacks",
          include: ["tests/attacks/**/*.test.ts"],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
