import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ServerInfoSchema, WorkerInfoSchema } from "../../codec/generated/presence_pb.ts";
import type { CallOptions } from "../call-options.ts";
import type { BusyWorker, PresenceFacet, ServerDetails, ServerRecord, ServerStatus } from "../presence-facet.ts";
import type { Reply } from "./connection.ts";
import { allServersKey, allWorkersKey, serverKeys } from "./keys.ts";
import { announceLua } from "./lua/generated.ts";
import { type RedisContext, wholeSeconds } from "./redis-context.ts";
import { list, text } from "./reply.ts";
import { runCommand, runScript, script } from "./run-script.ts";

/** Tools show the beginning of a payload; a copy of every large one with each heartbeat would cost too much. */
const mostPayloadBytes = 1_024;

const announceScript = script(announceLua);

export class RedisPresence implements PresenceFacet {
  readonly #context: RedisContext;
  readonly #listedUntil = new Map<string, number>();

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async announce(
    server: ServerRecord,
    workers: readonly BusyWorker[],
    ttlMs: number,
    call?: CallOptions,
  ): Promise<void> {
    const { connection, clock } = this.#context;
    const keys = serverKeys(server.host, server.pid, server.serverId);
    const ttlSeconds = Math.max(1, Math.ceil(ttlMs / 1_000));
    const rows = workers.flatMap((worker) => [worker.taskId, encodeWorker(worker)]);
    const details = JSON.stringify({ until: clock.now() + ttlSeconds * 1_000, details: server.details });
    await Promise.all([
      ...this.#list(keys, wholeSeconds(clock.now()), ttlSeconds, call),
      runScript(
        connection,
        announceScript,
        [keys.server, keys.workers, keys.details],
        [String(ttlSeconds), encodeServer(server), details, ...rows],
        call,
      ),
    ]);
  }

  /**
   * The two lists only say which records to look at, and those end by themselves. So a name is listed for two lives of its
   * record, and again after one: half the commands of listing it with each heartbeat.
   */
  #list(
    { server, workers }: ReturnType<typeof serverKeys>,
    now: number,
    ttlSeconds: number,
    call: CallOptions | undefined,
  ): Promise<unknown>[] {
    if ((this.#listedUntil.get(server) ?? 0) > now + ttlSeconds) return [];
    const until = now + 2 * ttlSeconds;
    this.#listedUntil.set(server, until);
    return [allServersKey, allWorkersKey].map((list, index) =>
      runCommand(this.#context.connection, ["ZADD", list, String(until), index === 0 ? server : workers], call).catch(
        (error: unknown) => {
          this.#listedUntil.delete(server);
          throw error;
        },
      ),
    );
  }

  async withdraw({ host, pid, serverId }: ServerRecord, call?: CallOptions): Promise<void> {
    const { connection } = this.#context;
    const keys = serverKeys(host, pid, serverId);
    this.#listedUntil.delete(keys.server);
    await Promise.all([
      runCommand(connection, ["ZREM", allServersKey, keys.server], call),
      runCommand(connection, ["ZREM", allWorkersKey, keys.workers], call),
      runCommand(connection, ["DEL", keys.server, keys.workers, keys.details], call),
    ]);
  }

  async servers(call?: CallOptions): Promise<{ servers: readonly ServerRecord[]; workers: readonly BusyWorker[] }> {
    const { connection, clock } = this.#context;
    const now = wholeSeconds(clock.now());
    // Nobody else removes what crashed servers leave in these two sets.
    const forget = [allServersKey, allWorkersKey].map((key) =>
      runCommand(connection, ["ZREMRANGEBYSCORE", key, "-inf", String(now - 1)], call),
    );
    const range = ["+inf", "BYSCORE"];
    const [serverNames, workerNames] = await Promise.all([
      runCommand(connection, ["ZRANGE", allServersKey, String(now), ...range], call),
      runCommand(connection, ["ZRANGE", allWorkersKey, String(now), ...range], call),
      ...forget,
    ]);
    const servers = await Promise.all(
      names(serverNames).map(async (name) => {
        const [info, details] = await Promise.all([
          runCommand(connection, ["GET", name], call),
          runCommand(connection, ["GET", name.replace(/^asynq:/, "hikyaku:")], call),
        ]);
        return isStale(details, clock.now()) ? undefined : decodeServer(info, details);
      }),
    );
    const workers = await Promise.all(
      names(workerNames).map(async (name) =>
        list(await runCommand(connection, ["HVALS", name], call)).map(decodeWorker),
      ),
    );
    const byPlace = (a: ServerRecord, b: ServerRecord): number =>
      compare(a.host, b.host) || a.pid - b.pid || compare(a.serverId, b.serverId);
    const fresh = servers.filter((server) => server !== undefined).sort(byPlace);
    const ids = new Set(fresh.map(({ serverId }) => serverId));
    return {
      servers: fresh,
      workers: workers
        .flat()
        .filter((worker): worker is BusyWorker => worker !== undefined && ids.has(worker.serverId)),
    };
  }

  async storeTime(call?: CallOptions): Promise<number> {
    const [seconds, microseconds] = list(await runCommand(this.#context.connection, ["TIME"], call));
    return Number(text(seconds)) * 1_000 + Math.floor(Number(text(microseconds)) / 1_000);
  }
}

function names(reply: Reply | undefined): string[] {
  return list(reply).map((name) => text(name) ?? "");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function encodeServer(server: ServerRecord): Buffer {
  const info = create(ServerInfoSchema, {
    host: server.host,
    pid: server.pid,
    serverId: server.serverId,
    concurrency: server.concurrency,
    queues: { ...server.queues },
    strictPriority: server.strictPriority,
    status: server.status,
    startTime: timestampFromMs(server.startedAt),
    activeWorkerCount: server.activeWorkers,
  });
  return Buffer.from(toBinary(ServerInfoSchema, info));
}

function encodeWorker(worker: BusyWorker): Buffer {
  const info = create(WorkerInfoSchema, {
    host: worker.host,
    pid: worker.pid,
    serverId: worker.serverId,
    taskId: worker.taskId,
    taskType: worker.taskType,
    taskPayload: worker.payload.subarray(0, mostPayloadBytes),
    queue: worker.queue,
    startTime: timestampFromMs(worker.startedAt),
    deadline: timestampFromMs(worker.deadlineAt),
  });
  return Buffer.from(toBinary(WorkerInfoSchema, info));
}

/** Undefined for bytes that can't be read: presence is never worth failing for. */
function decodeServer(info: Reply, details: Reply): ServerRecord | undefined {
  if (!Buffer.isBuffer(info)) return undefined;
  try {
    const server = fromBinary(ServerInfoSchema, info);
    return {
      serverId: server.serverId,
      host: server.host,
      pid: server.pid,
      concurrency: server.concurrency,
      queues: server.queues,
      strictPriority: server.strictPriority,
      status: asStatus(server.status),
      startedAt: momentOf(server.startTime),
      activeWorkers: server.activeWorkerCount,
      details: decodeDetails(details),
    };
  } catch {
    return undefined;
  }
}

function decodeWorker(info: Reply): BusyWorker | undefined {
  if (!Buffer.isBuffer(info)) return undefined;
  try {
    const worker = fromBinary(WorkerInfoSchema, info);
    return {
      serverId: worker.serverId,
      host: worker.host,
      pid: worker.pid,
      taskId: worker.taskId,
      taskType: worker.taskType,
      payload: worker.taskPayload,
      queue: worker.queue,
      startedAt: momentOf(worker.startTime),
      deadlineAt: momentOf(worker.deadline),
    };
  } catch {
    return undefined;
  }
}

/** Our servers also write down until when their word holds, by their own clock. */
function isStale(details: Reply, now: number): boolean {
  const json = text(details);
  if (json === undefined) return false;
  const value: unknown = JSON.parse(json);
  return (
    typeof value === "object" &&
    value !== null &&
    "until" in value &&
    typeof value.until === "number" &&
    value.until < now
  );
}

function decodeDetails(reply: Reply): ServerDetails | undefined {
  const json = text(reply);
  if (json === undefined) return undefined;
  const value: unknown = JSON.parse(json);
  const details = typeof value === "object" && value !== null && "details" in value ? value.details : undefined;
  return isDetails(details) ? details : undefined;
}

function isDetails(value: unknown): value is ServerDetails {
  return (
    typeof value === "object" &&
    value !== null &&
    "version" in value &&
    typeof value.version === "string" &&
    "directory" in value &&
    typeof value.directory === "string" &&
    "commandLine" in value &&
    typeof value.commandLine === "string" &&
    "handles" in value
  );
}

function momentOf(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : timestampMs(timestamp);
}

function asStatus(status: string): ServerStatus {
  return status === "new" || status === "stopped" || status === "closed" ? status : "active";
}
