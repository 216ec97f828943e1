// Our side of the interop tests, the counterpart of tests/interop/go/cmd/peer: it reads the same requests and tells the
// same events.
//   node --conditions=source hikyaku-peer.ts <host:port of redis> <how far its clock is ahead, in ms>
import { createInterface } from "node:readline";
import {
  Client,
  type Clock,
  defineTask,
  type EnqueueOptions,
  errorText,
  type HandlerContext,
  isHikyakuError,
  Revoke,
  rawBytes,
  Server,
  SkipRetry,
  type StoredTask,
  systemClock,
  type TaskState,
} from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import type { ServerSpec, TaskSpec, TaskSpecOptions, ToldQueue, ToldServer, ToldTask } from "./peer-protocol.ts";

const [addr = "", ahead = "0"] = process.argv.slice(2);
const clock: Clock = { ...systemClock, now: () => Date.now() + Number(ahead) };
const broker = redisBroker({ addr, clock });
const client = new Client({ broker, clock });
const servers = new Map<string, Server>();
const gates = new Map<string, PromiseWithResolvers<void>>();
const notNow = new Error("not now");

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function base64(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString("base64");
}

function optionsOf({ options: given = {}, headers }: TaskSpec): EnqueueOptions {
  const { queue, maxRetry, taskId, timeoutMs, deadlineAt, uniqueForMs, at, inMs, retentionMs, group }: TaskSpecOptions =
    given;
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(maxRetry === undefined ? {} : { maxRetry }),
    ...(taskId === undefined ? {} : { taskId }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    ...(deadlineAt === undefined ? {} : { deadline: new Date(deadlineAt) }),
    ...(uniqueForMs === undefined ? {} : { uniqueFor: uniqueForMs }),
    ...(at === undefined ? {} : { at: new Date(at) }),
    ...(inMs === undefined ? {} : { in: inMs }),
    ...(retentionMs === undefined ? {} : { retention: retentionMs }),
    ...(group === undefined ? {} : { group }),
    ...(headers === undefined ? {} : { headers }),
  };
}

function requestOf(spec: TaskSpec) {
  const payload = typeof spec.payload === "string" ? Buffer.from(spec.payload, "base64") : undefined;
  return payload === undefined
    ? defineTask({ type: spec.type }).with(undefined, optionsOf(spec))
    : defineTask({ type: spec.type, payload: rawBytes }).with(payload, optionsOf(spec));
}

/** In one call, so in as few trips as a batch allows. */
async function enqueueMany(specs: readonly TaskSpec[]): Promise<{ id: string; state: string }[]> {
  const results = await client.enqueueMany(specs.map(requestOf));
  return results.map((result) => {
    if (!result.ok) throw result.error;
    return { id: result.task.id, state: result.task.state };
  });
}

function gateOf(taskId: string): PromiseWithResolvers<void> {
  let gate = gates.get(taskId);
  if (gate === undefined) {
    gate = Promise.withResolvers<void>();
    gates.set(taskId, gate);
  }
  return gate;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

async function run(context: HandlerContext<Uint8Array>): Promise<void> {
  const { type, taskId, retried, payload, signal } = context;
  const [word = "", rest = ""] = type.split(":", 2);
  switch (word) {
    case "fail":
      throw new Error("boom from Hikyaku");
    case "flaky":
      if (retried < Number(rest)) throw new Error(`boom ${retried} from Hikyaku`);
      return;
    case "not-now":
      throw notNow;
    case "skip":
      throw new SkipRetry("no use");
    case "revoke":
      throw new Revoke("not wanted");
    case "panic":
      throw "dropped the letter";
    case "result":
      return context.writeResult(payload);
    case "hold":
      return Promise.race([gateOf(taskId).promise, aborted(signal)]);
    case "stubborn":
      return gateOf(taskId).promise;
    case "slow":
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, Number(rest));
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
  }
}

function startServer(spec: ServerSpec): void {
  const server = new Server({
    ...{ broker, clock, concurrency: spec.concurrency, queues: spec.queues, strictPriority: spec.strict },
    ...{ shutdownTimeout: spec.shutdownTimeoutMs, abortGrace: 200, retryDelay: () => spec.retryDelayMs },
    isFailure: (error) => error !== notNow,
    onError: (error, { taskId, type }) => {
      say({ event: "failed", server: spec.name, taskId, type, error: errorText(error) });
    },
  });
  server.handleRaw({ prefix: "" }, async (context) => {
    const { taskId, type, queue, retried, maxRetry, headers, deadline } = context;
    const place = { server: spec.name, taskId, type };
    say({
      ...{ event: "started", ...place, queue, retried, maxRetry, headers, payload: base64(context.payload) },
      ...{ deadlineAt: deadline.getTime(), at: Date.now() },
    });
    try {
      await run(context);
      if (!spec.quiet) say({ event: "returned", ...place, error: "" });
    } catch (error) {
      if (!spec.quiet) say({ event: "returned", ...place, error: errorText(error) });
      throw error;
    }
  });
  servers.set(spec.name, server);
  server.start();
}

function toldTask(task: StoredTask): ToldTask {
  const { message } = task;
  return {
    ...{ id: message.id, queue: message.queue, type: message.type, payload: base64(message.payload) },
    ...{ headers: message.headers, state: task.state, maxRetry: message.maxRetry, retried: message.retried },
    ...{ lastError: message.lastError, lastFailedAt: message.lastFailedAt ?? 0, timeoutMs: message.timeoutMs },
    ...{ deadlineAt: message.deadlineAt ?? 0, group: message.group, nextProcessAt: task.dueAt ?? 0 },
    ...{ isOrphaned: false, retentionMs: message.retentionMs, completedAt: message.completedAt ?? 0 },
    result: base64(task.result),
  };
}

async function toldServers(): Promise<ToldServer[]> {
  const answer = await broker.servers();
  return answer.servers.map(({ details: _, activeWorkers: __, ...server }) => ({
    ...server,
    workers: answer.workers
      .filter(({ serverId }) => serverId === server.serverId)
      .map(({ taskId, taskType, payload, queue, startedAt, deadlineAt }) => {
        return { taskId, type: taskType, payload: base64(payload) ?? "", queue, startedAt, deadlineAt };
      }),
  }));
}

async function toldQueue(queue: string): Promise<ToldQueue> {
  const numbers = await broker.queue(queue);
  if (numbers === undefined) throw new Failure("queue_not_found", `no queue ${queue}`);
  return numbers;
}

class Failure extends Error {
  readonly kind: string;
  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

interface InspectArgs {
  readonly method: string;
  readonly queue: string;
  readonly taskId: string;
  readonly state: TaskState;
  readonly group: string;
}

async function inspect({ method, queue, taskId, state, group }: InspectArgs): Promise<unknown> {
  switch (method) {
    case "queues":
      return broker.queues();
    case "queue":
      return toldQueue(queue);
    case "task": {
      const [task] = await broker.get(queue, [taskId]);
      if (task === undefined) throw new Failure("task_not_found", `no task ${taskId}`);
      return toldTask(task);
    }
    case "list":
      return (await broker.list({ queue, state, group, limit: 1_000 })).tasks.map(toldTask);
    case "pause":
      return broker.pause(queue);
    case "resume":
      return broker.resume(queue);
    case "cancel":
      return broker.send({ kind: "cancel", taskId });
    case "servers":
      return toldServers();
    default:
      throw new Error(`our side's inspector has no method ${method}`);
  }
}

async function answer(op: string, args: unknown): Promise<unknown> {
  switch (op) {
    case "enqueue": {
      const spec = args as TaskSpec;
      const request = requestOf(spec);
      const [result] = await client.enqueueMany([request]);
      if (result === undefined || !result.ok) throw result?.error ?? new Error("no result");
      return result.task;
    }
    case "enqueueMany":
      return (await enqueueMany(args as TaskSpec[])).map(({ id }) => id);
    case "inspect":
      return inspect(args as InspectArgs);
    case "startServer":
      return startServer(args as ServerSpec);
    case "stopServer":
      return servers.get((args as { name: string }).name)?.quiet();
    case "shutDownServer":
      return servers.get((args as { name: string }).name)?.stop();
    case "release":
      return gateOf((args as { taskId: string }).taskId).resolve();
    default:
      throw new Error(`our peer knows no op ${op}`);
  }
}

const kinds: Record<string, string> = { task_exists: "duplicate", task_id_taken: "id_conflict" };

function kindOf(error: unknown): string {
  if (error instanceof Failure) return error.kind;
  return isHikyakuError(error) ? (kinds[error.code] ?? error.code) : "other";
}

await broker.ready();
say({ event: "ready", pid: process.pid });
for await (const line of createInterface(process.stdin)) {
  const { id, op, args } = JSON.parse(line) as { id: number; op: string; args: unknown };
  answer(op, args).then(
    (result) => say({ id, result: result ?? null }),
    (error) => say({ id, error: { kind: kindOf(error), text: errorText(error) } }),
  );
}
// Whoever drove us is gone.
process.exit();
