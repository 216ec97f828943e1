import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ServerInfoSchema, WorkerInfoSchema } from "../../codec/generated/presence_pb.ts";
import type { CallOptions } from "../call-options.ts";
import type { ServerOrder } from "../control-facet.ts";
import { shownPayloadBytes } from "../limits.ts";
import { readOrder } from "../order-check.ts";
import {
  type BusyWorker,
  type PresenceFacet,
  type PresentServers,
  type ServerDetails,
  type ServerRecord,
  type ServerStatus,
  type SilentServer,
  saidAt,
  silentForMs,
} from "../presence-facet.ts";
import { readServerDetails, readServerRecord } from "../server-record.ts";
import { allServersKey, allWorkersKey, ordersKey, ourServersKey, serverKeys } from "./keys.ts";
import { announceLua } from "./lua/generated.ts";
import { type RedisContext, wholeSeconds } from "./redis-context.ts";
import { readIfType, runCommand, runScript, script } from "./run-script.ts";
import type { Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

/** Tools show the beginning of a payload; a copy of every large one with each heartbeat would cost too much. */

const announceScript = script(announceLua, "number");

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
  ): Promise<readonly ServerOrder[]> {
    const { connection, clock } = this.#context;
    const keys = serverKeys(server.host, server.pid, server.serverId);
    const ttlSeconds = Math.max(1, Math.ceil(ttlMs / 1_000));
    const rows = workers.flatMap((worker) => [worker.taskId, encodeWorker(worker)]);
    const { details: told, ...record } = server;
    const said = clock.now();
    const until = said + ttlSeconds * 1_000;
    const details = told === undefined ? "" : JSON.stringify({ said, until, details: told, record });
    const [orders] = await Promise.all([
      runCommand(connection, ["HVALS", ordersKey(server.serverId)], call),
      ...this.#list(keys, wholeSeconds(clock.now()), ttlSeconds, call),
      runScript(
        connection,
        announceScript,
        [keys.server, keys.workers, keys.details],
        [String(ttlSeconds), String(ttlSeconds + silentForSeconds), encodeServer(server), details, ...rows],
        call,
      ),
    ]);
    return list(orders).flatMap((order) => readOrder(text(order) ?? "") ?? []);
  }

  /**
   * The lists only say which records to look at, and records end by themselves. So a name is listed for three lives of
   * its record, and again after two. That takes a quarter of the commands of listing it with each heartbeat.
   */
  #list(
    { server, workers }: ReturnType<typeof serverKeys>,
    now: number,
    ttlSeconds: number,
    call: CallOptions | undefined,
  ): Promise<unknown>[] {
    if ((this.#listedUntil.get(server) ?? 0) > now + ttlSeconds) return [];
    const until = now + 3 * ttlSeconds;
    this.#listedUntil.set(server, until);
    const lists = [
      [allServersKey, server],
      [allWorkersKey, workers],
      [ourServersKey, server],
    ] as const;
    const life = String(3 * ttlSeconds + silentForSeconds);
    // Go's programs don't use the list of our servers and remove nothing from it, so it ends by itself.
    const listed = lists.map(([list, name]) =>
      runCommand(this.#context.connection, ["ZADD", list, String(until), name], call).catch((error: unknown) => {
        this.#listedUntil.delete(server);
        throw error;
      }),
    );
    return [...listed, runCommand(this.#context.connection, ["EXPIRE", ourServersKey, life], call)];
  }

  async withdraw({ host, pid, serverId }: ServerRecord, call?: CallOptions): Promise<void> {
    const { connection } = this.#context;
    const keys = serverKeys(host, pid, serverId);
    this.#listedUntil.delete(keys.server);
    await Promise.all([
      runCommand(connection, ["ZREM", allServersKey, keys.server], call),
      runCommand(connection, ["ZREM", allWorkersKey, keys.workers], call),
      runCommand(connection, ["ZREM", ourServersKey, keys.server], call),
      runCommand(connection, ["DEL", keys.server, keys.workers, keys.details], call),
    ]);
  }

  async servers(call?: CallOptions): Promise<PresentServers> {
    const { connection, clock } = this.#context;
    const now = wholeSeconds(clock.now());
    const [serverNames, workerNames] = await Promise.all([
      this.#listed(allServersKey, now, call),
      this.#listed(allWorkersKey, now, call),
    ]);
    const unreadable: string[] = [];
    const isThere = async (name: string) => (await runCommand(connection, ["EXISTS", name], call)) === 1;
    const servers = await Promise.all(
      serverNames.map(async (name) => {
        const [info, details] = await Promise.all([
          readIfType(connection, ["GET", name], call),
          readIfType(connection, ["GET", detailsKeyOf(name)], call),
        ]);
        if (isStale(details, clock.now())) return undefined;
        const server = decodeServer(info, details);
        if (server === undefined && (await isThere(name))) unreadable.push(name);
        return server;
      }),
    );
    const workers = await Promise.all(
      workerNames.map(async (name) => list(await readIfType(connection, ["HVALS", name], call)).map(decodeWorker)),
    );
    const fresh = servers.filter((server) => server !== undefined).sort(byPlace);
    const ids = new Set(fresh.map(({ serverId }) => serverId));
    return {
      servers: fresh,
      workers: workers
        .flat()
        .filter((worker): worker is BusyWorker => worker !== undefined && ids.has(worker.serverId)),
      ...(unreadable.length > 0 && { unreadable }),
    };
  }

  async silentServers(call?: CallOptions): Promise<readonly SilentServer[]> {
    const { connection, clock } = this.#context;
    const oldest = wholeSeconds(clock.now()) - silentForSeconds;
    const servers = await Promise.all(
      (await this.#listed(ourServersKey, oldest, call)).map(async (name) =>
        decodeSilent(await readIfType(connection, ["GET", detailsKeyOf(name)], call), clock.now()),
      ),
    );
    return servers.filter((silent) => silent !== undefined).sort((a, b) => byPlace(a.server, b.server));
  }

  /**
   * Names with that score or a higher one. Removes the lower ones: crashed servers leave them behind, and nobody else
   * removes them.
   */
  async #listed(key: string, least: number, call: CallOptions | undefined): Promise<string[]> {
    const { connection } = this.#context;
    const rows = list(await runCommand(connection, ["ZRANGE", key, "0", "-1", "WITHSCORES"], call)).map((row) =>
      list(row),
    );
    const listed = rows.filter(([, score]) => Number(score) >= least).map(([name]) => text(name) ?? "");
    if (listed.length < rows.length) {
      await runCommand(connection, ["ZREMRANGEBYSCORE", key, "-inf", `(${least}`], call);
    }
    return listed;
  }

  async storeTime(call?: CallOptions): Promise<number> {
    const [seconds, microseconds] = list(await runCommand(this.#context.connection, ["TIME"], call));
    return Number(text(seconds)) * 1_000 + Math.floor(Number(text(microseconds)) / 1_000);
  }
}

const silentForSeconds = silentForMs / 1_000;

function detailsKeyOf(serverKey: string): string {
  return serverKey.replace(/^asynq:/, "hikyaku:");
}

function byPlace(a: ServerRecord, b: ServerRecord): number {
  return compare(a.host, b.host) || a.pid - b.pid || compare(a.serverId, b.serverId);
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
    taskPayload: worker.payload.subarray(0, shownPayloadBytes),
    queue: worker.queue,
    startTime: timestampFromMs(worker.startedAt),
    deadline: timestampFromMs(worker.deadlineAt),
  });
  return Buffer.from(toBinary(WorkerInfoSchema, info));
}

/** Undefined for bytes that can't be read: no call fails for the sake of presence. */
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

/** Our servers also write down until when their announcement holds, by their own clock. */
function isStale(details: Reply, now: number): boolean {
  const json = text(details);
  if (json === undefined) return false;
  const value = parsed(json);
  return (
    typeof value === "object" &&
    value !== null &&
    "until" in value &&
    typeof value.until === "number" &&
    value.until < now
  );
}

/** Undefined when it is not JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function decodeDetails(reply: Reply): ServerDetails | undefined {
  const json = text(reply);
  if (json === undefined) return undefined;
  const value = parsed(json);
  const details = typeof value === "object" && value !== null && "details" in value ? value.details : undefined;
  return readServerDetails(details);
}

/**
 * The last announcement of one of our servers, when it has expired. Undefined while it holds, and when it can't be
 * read.
 */
function decodeSilent(reply: Reply, now: number): SilentServer | undefined {
  const json = text(reply);
  if (json === undefined) return undefined;
  const value = parsed(json);
  if (typeof value !== "object" || value === null || !("record" in value) || !("until" in value)) return undefined;
  const { record, until } = value;
  const details = decodeDetails(reply);
  const server = readServerRecord(record);
  if (typeof until !== "number" || until >= now || until < now - silentForMs) return undefined;
  if (details === undefined || server === undefined) return undefined;
  const silentSince = saidAt("said" in value ? value.said : undefined, until);
  return { server: { ...server, details }, silentSince };
}

function momentOf(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : timestampMs(timestamp);
}

function asStatus(status: string): ServerStatus {
  return status === "new" || status === "stopped" || status === "closed" ? status : "active";
}
