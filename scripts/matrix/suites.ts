import { isSince, type ServerProgram } from "../../packages/test-support/src/server-program.ts";
import { runTests, type TestRun } from "../test/run-tests.ts";

/** The contract on one server and on a cluster, what tasks cost, and the protocol: what `npm test` runs on a second server. */
export const coreSuites: readonly string[] = [
  "redis",
  "redis-cluster",
  "redis-cluster-databases",
  "redis-cost",
  "redis-wire",
].map((name) => `packages/core/test/${name}.test.ts`);

/** All of the Redis adapter, and Asynq itself on the other side where Go is installed. */
export const adapterSuites: readonly string[] = [
  "packages/core/test/redis",
  "packages/core/test/reconcile.redis.test.ts",
  "packages/core/src/client/client.redis.test.ts",
  "tests/interop",
];

/** Runs tests against the server at this path. */
export function runOnServer(path: string, program: ServerProgram, suites: readonly string[], output: 1 | 2): TestRun {
  // Tests for the commands of Redis 7.2 get this server too, if it knows them.
  const newer = isSince(program, "7.2") ? { HIKYAKU_VALKEY_SERVER: path } : {};
  return runTests(suites, { HIKYAKU_REDIS_SERVER: path, ...newer }, output);
}
