import type { Arrow } from "./imports.ts";

/** A direction that imports must not take. */
export interface Rule {
  /** Said to the person who broke it: what holds, and where to go instead. */
  promise: string;
  breaks: (arrow: Arrow) => boolean;
}

const workspace = /^(packages|apps)\/[^/]+\//;
const core = /^packages\/core\/src\//;
const port = /^packages\/core\/src\/broker\/[^/]+\.ts$/;
const adapter = /^packages\/core\/src\/broker\/(redis|sqlite)\//;
const telemetry = /^packages\/core\/src\/telemetry\//;
const operations = /^packages\/operations\/src\//;
const usersOfThePort = /^packages\/core\/src\/(client|doctor|enqueue|events|inspector|scheduler|worker)\//;

/** The rooms of the worker, and which of them each one may use. What stands in `worker/` itself wires them. */
const workerRooms: Readonly<Record<string, readonly string[]>> = {
  leases: ["leases"],
  handling: ["handling", "leases"],
  claiming: ["claiming", "handling", "leases"],
  groups: ["groups", "handling", "leases"],
  roles: ["handling", "leases"],
};

/** Tests sit beside the code that they test. They may import more: a real store, the test support. */
function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || /^(packages|apps)\/[^/]+\/test\//.test(path);
}

/** Path of the workspace that a file belongs to, such as `packages/core/`. Undefined when the file is not ours. */
function workspaceOf(path: string): string | undefined {
  return workspace.exec(path)?.[0];
}

function isInWorker(path: string): boolean {
  return path.startsWith("packages/core/src/worker/");
}

/** The folder below `worker/` that a file is in. Undefined for any other place. */
function workerRoom(path: string): string | undefined {
  return /^packages\/core\/src\/worker\/([^/]+)\//.exec(path)?.[1];
}

/** A rule for the program itself, which leaves its tests alone. */
function rule(promise: string, breaks: (from: string, to: string) => boolean): Rule {
  return { promise, breaks: ({ from, to }) => !isTest(from) && breaks(from, to) };
}

export const rules: readonly Rule[] = [
  rule(
    "the port knows no store and none of its users",
    (from, to) =>
      port.test(from) &&
      (adapter.test(to) || usersOfThePort.test(to) || /^packages\/core\/src\/codec\//.test(to) || isStore(to)),
  ),
  rule(
    "the library needs no Redis client: broker/redis/wire/wire.ts speaks to the server",
    (from, to) => core.test(from) && to === "npm:redis",
  ),
  rule(
    "only telemetry/ imports OpenTelemetry, which may be absent, and nobody imports telemetry/",
    (from, to) =>
      core.test(from) && !telemetry.test(from) && (to.startsWith("npm:@opentelemetry/") || telemetry.test(to)),
  ),
  rule(
    "only broker/sqlite/ imports node:sqlite",
    (from, to) => to === "node:sqlite" && !/^packages\/core\/src\/broker\/sqlite\//.test(from),
  ),
  rule(
    "adapters know the port and the codec, not who uses them, and not each other",
    (from, to) =>
      adapter.test(from) &&
      (usersOfThePort.test(to) || (adapter.test(to) && adapter.exec(from)?.[1] !== adapter.exec(to)?.[1])),
  ),
  rule(
    "whoever uses a store reaches it through the port",
    (from, to) => usersOfThePort.test(from) && (adapter.test(to) || isStore(to)),
  ),
  rule(
    "a worker's rooms build on leases and handling, not on each other, and no role on another; server.ts wires them",
    (from, to) => {
      const room = workerRoom(from);
      return room !== undefined && isInWorker(to) && !workerRooms[room]?.includes(workerRoom(to) ?? "");
    },
  ),
  rule("the library imports no other workspace", (from, to) => core.test(from) && leavesWorkspace(from, to)),
  rule(
    "the contract imports nothing but zod: api and web both build on it",
    (from, to) => /^packages\/contract\/src\//.test(from) && (leavesWorkspace(from, to) || isForeign(to, ["npm:zod"])),
  ),
  rule(
    "the operations reach a store through the library alone: whoever mounts them brings the broker",
    (from, to) => operations.test(from) && (adapter.test(to) || isStore(to)),
  ),
  rule(
    "handlers and presenters of the operations know no server: packages/operations/src/mounts/ does",
    (from, to) =>
      /^packages\/operations\/src\/(handlers|presenters)\//.test(from) &&
      (/^packages\/operations\/src\/mounts\//.test(to) || to === "npm:fastify" || /^node:https?$/.test(to)),
  ),
  rule(
    "presenters are pure: they ask neither the store nor who asks",
    (from, to) =>
      /^packages\/operations\/src\/presenters\//.test(from) &&
      /^packages\/operations\/src\//.test(to) &&
      !/^packages\/operations\/src\/presenters\//.test(to),
  ),
  rule(
    "of our workspaces the HTTP client imports only the contract, and only its client.ts knows what was generated",
    (from, to) =>
      from.startsWith("packages/http-client/src/") &&
      ((leavesWorkspace(from, to) && !to.startsWith("packages/contract/")) ||
        (to.includes("/src/generated/") && !/\/src\/(generated\/|client\.ts$)/.test(from))),
  ),
  rule(
    "of our workspaces the web pages import only the contract",
    (from, to) => from.startsWith("apps/web/src/") && leavesWorkspace(from, to) && !to.startsWith("packages/contract/"),
  ),
  rule(
    "the web pages run in a browser, which has no Node.js modules",
    (from, to) => from.startsWith("apps/web/src/") && to.startsWith("node:"),
  ),
  rule(
    "nobody imports the web pages' sources",
    (from, to) => !from.startsWith("apps/web/") && to.startsWith("apps/web/"),
  ),
  rule("packages do not import apps", (from, to) => from.startsWith("packages/") && to.startsWith("apps/")),
  rule(
    "only apps, and what they share in packages/app-kit, read the configuration",
    (from, to) => to.startsWith("packages/config/") && !/^(packages\/(config|app-kit)|apps)\//.test(from),
  ),
  rule(
    "only apps import the app kit",
    (from, to) => to.startsWith("packages/app-kit/") && !/^(packages\/app-kit|apps)\//.test(from),
  ),
  rule(
    "only tests import the test support",
    (from, to) => to.startsWith("packages/test-support/") && !from.startsWith("packages/test-support/"),
  ),
];

function isStore(to: string): boolean {
  return to === "npm:redis" || to === "node:sqlite";
}

function leavesWorkspace(from: string, to: string): boolean {
  const target = workspaceOf(to);
  return target !== undefined && target !== workspaceOf(from);
}

function isForeign(to: string, allowed: readonly string[]): boolean {
  return /^(npm|node):/.test(to) && !allowed.includes(to);
}
