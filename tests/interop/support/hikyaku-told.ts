import { type Broker, defineTask, type EnqueueOptions, type EnqueueRequest, isHikyakuError, rawBytes } from "hikyaku";
import type { TaskPage } from "hikyaku/broker";
import type { PeerFailure, TaskSpec, ToldServer, ToldTask } from "./peer-protocol.ts";

/** Translates between the library's words and those of the peers. */

export function base64(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString("base64");
}

export function requestOf(spec: TaskSpec): EnqueueRequest {
  return typeof spec.payload === "string"
    ? defineTask({ type: spec.type, payload: rawBytes }).with(Buffer.from(spec.payload, "base64"), optionsOf(spec))
    : defineTask({ type: spec.type }).with(undefined, optionsOf(spec));
}

function optionsOf({ options = {}, headers }: TaskSpec): EnqueueOptions {
  const { queue, maxRetry, taskId, timeoutMs, deadlineAt, uniqueForMs, at, inMs, retentionMs, group } = options;
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(maxRetry === undefined ? {} : { maxRetry }),
    ...(taskId === undefined ? {} : { taskId }),
    ...(timeoutMs === undefined ? {} : { timeout: { ms: timeoutMs } }),
    ...(deadlineAt === undefined ? {} : { deadline: new Date(deadlineAt) }),
    ...(uniqueForMs === undefined ? {} : { uniqueFor: { ms: uniqueForMs } }),
    ...(at === undefined ? {} : { at: new Date(at) }),
    ...(inMs === undefined ? {} : { in: { ms: inMs } }),
    ...(retentionMs === undefined ? {} : { retention: { ms: retentionMs } }),
    ...(group === undefined ? {} : { group }),
    ...(headers === undefined ? {} : { headers }),
  };
}

export function toldTask(task: TaskPage["tasks"][number]): ToldTask {
  if (task.unreadable !== undefined) throw new Failure("unreadable", `task ${task.taskId}: ${task.unreadable}`);
  const { message } = task;
  return {
    id: message.id,
    queue: message.queue,
    type: message.type,
    payload: base64(message.payload),
    headers: message.headers,
    state: task.state,
    maxRetry: message.maxRetry,
    retried: message.retried,
    lastError: message.lastError,
    lastFailedAt: message.lastFailedAt ?? 0,
    timeoutMs: message.timeoutMs,
    deadlineAt: message.deadlineAt ?? 0,
    group: message.group,
    nextProcessAt: task.dueAt ?? 0,
    isOrphaned: false,
    retentionMs: message.retentionMs,
    completedAt: message.completedAt ?? 0,
    result: base64(task.result),
  };
}

export async function toldServers(broker: Broker): Promise<ToldServer[]> {
  const { servers, workers } = await broker.servers();
  return servers.map(({ details: _, activeWorkers: __, ...server }) => ({
    ...server,
    workers: workers
      .filter(({ serverId }) => serverId === server.serverId)
      .map(({ taskId, taskType, payload, queue, startedAt, deadlineAt }) => {
        return { taskId, type: taskType, payload: base64(payload) ?? "", queue, startedAt, deadlineAt };
      }),
  }));
}

/** A refusal with a word that both sides use. */
export class Failure extends Error {
  readonly kind: string;
  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

const kinds: Readonly<Record<string, string>> = { task_exists: "duplicate", task_id_taken: "id_conflict" };

export function toldFailure(error: unknown): PeerFailure {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Failure) return { kind: error.kind, text };
  return { kind: isHikyakuError(error) ? (kinds[error.code] ?? error.code) : "other", text };
}
