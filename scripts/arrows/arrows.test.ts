import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { findViolations } from "./find-violations.ts";
import { readArrows } from "./imports.ts";
import { rules } from "./rules.ts";

const workspaces: Record<string, string> = {
  "packages/core/package.json": JSON.stringify({
    name: "hikyaku",
    exports: { ".": { source: "./src/index.ts" }, "./redis": { source: "./src/broker/redis/index.ts" } },
  }),
  "packages/core/src/index.ts": "export {};",
  "packages/core/src/client/client.ts": "export {};",
  "packages/core/src/broker/broker.ts": "export {};",
  "packages/core/src/broker/redis/index.ts": "export {};",
  "packages/core/src/broker/sqlite/index.ts": "export {};",
  "packages/core/src/telemetry/telemetry.ts": "export {};",
  "packages/core/src/worker/server.ts": "export {};",
  "packages/core/src/worker/claiming/processor.ts": "export {};",
  "packages/core/src/worker/roles/janitor.ts": "export {};",
  "packages/contract/package.json": JSON.stringify({ name: "@hikyaku/contract", exports: { ".": "./src/index.ts" } }),
  "packages/contract/src/index.ts": "export {};",
  "packages/app-kit/package.json": JSON.stringify({ name: "@hikyaku/app-kit", exports: { ".": "./src/index.ts" } }),
  "packages/app-kit/src/index.ts": "export {};",
  "packages/config/package.json": JSON.stringify({ name: "@hikyaku/config", exports: { ".": "./src/index.ts" } }),
  "packages/config/src/index.ts": "export {};",
  "packages/test-support/package.json": JSON.stringify({
    name: "@hikyaku/test-support",
    exports: { ".": "./src/index.ts" },
  }),
  "packages/test-support/src/index.ts": "export {};",
  "apps/api/package.json": JSON.stringify({ name: "@hikyaku/api", exports: { ".": "./src/index.ts" } }),
  "apps/api/src/index.ts": "export {};",
  "packages/operations/src/operations.ts": "export {};",
  "packages/http-client/src/generated/index.ts": "export {};",
  "apps/web/src/table.ts": "export {};",
};

function violationsOf(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), "hikyaku-arrows-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries({ ...workspaces, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return findViolations(readArrows(root));
}

const port = "the port knows no store and none of its users";
const redisClient = "the library needs no Redis client: broker/redis/wire/wire.ts speaks to the server";
const telemetry = "only telemetry/ imports OpenTelemetry, which may be absent, and nobody imports telemetry/";
const sqliteClient = "only broker/sqlite/ imports node:sqlite";
const adapters = "adapters know the port and the codec, not who uses them, and not each other";
const throughThePort = "whoever uses a store reaches it through the port";
const library = "the library imports no other workspace";
const contract = "the contract imports nothing but zod: api and web both build on it";
const httpClient =
  "of our workspaces the HTTP client imports only the contract, and only its client.ts knows what was generated";
const web = "of our workspaces the web pages import only the contract";
const browser = "the web pages run in a browser, which has no Node.js modules";
const webSources = "nobody imports the web pages' sources";
const roles =
  "a worker's rooms build on leases and handling, not on each other, and no role on another; server.ts wires them";
const apps = "packages do not import apps";
const config = "only apps, and what they share in packages/app-kit, read the configuration";
const appKit = "only apps import the app kit";
const broughtBroker = "the operations reach a store through the library alone: whoever mounts them brings the broker";
const noServer = "handlers and presenters of the operations know no server: packages/operations/src/mounts/ does";
const pure = "presenters are pure: they ask neither the store nor who asks";
const testSupport = "only tests import the test support";

const wrongWays: [file: string, content: string, promise: string][] = [
  ["packages/http-client/src/client.ts", 'import { Client } from "hikyaku";', httpClient],
  ["packages/http-client/src/index.ts", 'export * from "./generated/index.ts";', httpClient],
  ["packages/core/src/broker/broker.ts", 'import "./redis/index.ts";', port],
  ["packages/core/src/broker/broker.ts", 'export * from "./sqlite/index.ts";', port],
  ["packages/core/src/broker/work.ts", 'export type T = import("redis").RedisClientType;', port],
  ["packages/core/src/broker/work.ts", 'const s = await import("node:sqlite");', port],
  ["packages/core/src/broker/work.ts", 'import type { Client } from "../client/client.ts";', port],
  ["packages/core/src/broker/redis/work.ts", 'import { createClient } from "redis";', redisClient],
  ["packages/core/src/runtime/clock.ts", 'import type { RedisClientType } from "redis";', redisClient],
  ["packages/core/src/client/client.ts", 'import { trace } from "@opentelemetry/api";', telemetry],
  ["packages/core/src/client/client.ts", 'import "../telemetry/telemetry.ts";', telemetry],
  ["packages/core/src/runtime/clock.ts", 'import { DatabaseSync } from "node:sqlite";', sqliteClient],
  [
    "packages/core/src/broker/redis/work.ts",
    'import { DatabaseSync } from "sqlite";\nimport "node:sqlite";',
    sqliteClient,
  ],
  ["packages/core/src/broker/redis/work.ts", 'import "../../client/client.ts";', adapters],
  ["packages/core/src/broker/redis/work.ts", 'import "../sqlite/index.ts";', adapters],
  ["packages/core/src/worker/claiming/processor.ts", 'import "../../broker/redis/index.ts";', throughThePort],
  ["packages/core/src/client/client.ts", 'import "hikyaku/redis";', throughThePort],
  ["packages/core/src/worker/claiming/processor.ts", 'import type { Janitor } from "../roles/janitor.ts";', roles],
  ["packages/core/src/worker/roles/syncer.ts", 'import type { Janitor } from "./janitor.ts";', roles],
  ["packages/core/src/worker/roles/syncer.ts", 'import { Server } from "../server.ts";', roles],
  ["packages/core/src/worker/leases/held-task.ts", 'import "../claiming/processor.ts";', roles],
  ["packages/core/src/runtime/clock.ts", 'import "@hikyaku/contract";', library],
  ["packages/contract/src/jobs.ts", 'import { Client } from "hikyaku";', contract],
  ["packages/contract/src/jobs.ts", 'import { useState } from "react";', contract],
  ["packages/contract/src/jobs.ts", 'import { readFile } from "fs/promises";', contract],
  ["packages/operations/src/operations.ts", 'import "hikyaku/redis";', broughtBroker],
  ["packages/operations/src/operations.ts", 'import "redis";', broughtBroker],
  ["packages/operations/src/handlers/x.ts", 'import type { FastifyRequest } from "fastify";', noServer],
  ["packages/operations/src/handlers/x.ts", 'import { createServer } from "node:http";', noServer],
  ["packages/operations/src/presenters/x.ts", 'import "../operations.ts";', pure],
  ["apps/web/src/main.tsx", 'import { Client } from "hikyaku";', web],
  ["apps/web/src/main.tsx", 'export { app } from "../../api/src/index.ts";', web],
  ["apps/web/src/main.tsx", 'import { join } from "node:path";', browser],
  ["apps/api/src/app.ts", 'import "../../web/src/table.ts";', webSources],
  ["packages/contract/src/jobs.ts", 'import "@hikyaku/api";', apps],
  ["packages/contract/src/jobs.ts", 'import "@hikyaku/config";', config],
  ["packages/tasks/src/jobs.ts", 'import "@hikyaku/app-kit";', appKit],
  ["apps/api/src/app.ts", 'import "@hikyaku/test-support";', testSupport],
];

describe("import arrows", () => {
  it.each(wrongWays)("refuse in %s: %s", (file, content, promise) => {
    const line = content.split("\n").length;
    const found = violationsOf({ [file]: content });
    expect(found).toContainEqual(expect.stringMatching(`^${file}:${line} imports .*but `));
    expect(found.join("\n")).toContain(promise);
  });

  it("bite, each of them", () => {
    expect(new Set(wrongWays.map(([, , promise]) => promise))).toEqual(new Set(rules.map(({ promise }) => promise)));
  });

  it("leave the right directions alone", () => {
    const found = violationsOf({
      "packages/core/src/broker/redis/wire/wire.ts": 'import { connect } from "node:net";',
      "packages/core/src/broker/redis/work.ts": 'import "./wire/wire.ts";\nimport "../broker.ts";',
      "packages/core/src/broker/sqlite/index.ts": 'import "node:sqlite";',
      "packages/core/src/worker/server.ts": 'import "./roles/janitor.ts";\nimport "./claiming/processor.ts";',
      "packages/core/src/worker/claiming/processor.ts":
        'import "../../broker/broker.ts";\nimport "../handling/outcome.ts";\nimport "../leases/held-task.ts";',
      "packages/core/src/worker/handling/outcome.ts": "export {};",
      "packages/core/src/worker/leases/held-task.ts": "export {};",
      "packages/core/src/client/client.test.ts": 'import "@hikyaku/test-support";\nimport "../broker/redis/index.ts";',
      "packages/core/test/support/stores.ts": 'import "@hikyaku/test-support";\nimport "redis";',
      "packages/contract/src/jobs.ts": 'import { z } from "zod";',
      "apps/web/src/main.tsx": 'import { useState } from "react";\nimport "@hikyaku/contract";\nimport "./table.ts";',
      "apps/api/src/app.ts":
        'import "@hikyaku/config";\nimport "@hikyaku/contract";\nimport "hikyaku/redis";\nimport "redis";',
    });
    expect(found).toEqual([]);
  });

  it("refuse a circle of imports, and name the files on it", () => {
    const found = violationsOf({
      "packages/core/src/a.ts": 'import "./b.ts";',
      "packages/core/src/b.ts": 'export * from "./c.ts";',
      "packages/core/src/c.ts": 'import type { A } from "./a.ts";',
    });
    expect(found).toEqual([
      "these files import each other: packages/core/src/a.ts -> packages/core/src/b.ts -> packages/core/src/c.ts -> packages/core/src/a.ts",
    ]);
  });

  it("say which import leads nowhere", () => {
    expect(() => violationsOf({ "apps/api/src/app.ts": 'import "./missing";' })).toThrow(
      'apps/api/src/app.ts:1: "./missing" leads to apps/api/src/missing, which is no file',
    );
    expect(() => violationsOf({ "apps/api/src/app.ts": 'import "hikyaku/secret";' })).toThrow(
      'apps/api/src/app.ts:1: "hikyaku/secret" is not among the exports of hikyaku',
    );
  });
});
