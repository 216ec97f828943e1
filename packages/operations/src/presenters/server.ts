import { type EvictServerResponse, momentText, type ServerOrderResponse, type WorkerServer } from "@hikyaku/contract";
import type { EvictReport, HandledTypes, OrderReport, ServerInfo } from "hikyaku";
import { presentMoment } from "./moment.ts";

/** A worker server, as it described itself last. */
export function presentServer(server: ServerInfo): WorkerServer {
  const { details } = server;
  return {
    id: server.serverId,
    host: server.host,
    pid: server.pid,
    status: server.status,
    silent_since: presentMoment(server.silentSince),
    started_at: momentText(server.startedAt),
    concurrency: server.concurrency,
    queues: { ...server.queues },
    strict_priority: server.strictPriority,
    running: server.workers.map((worker) => ({
      task_id: worker.taskId,
      type: worker.taskType,
      queue: worker.queue,
      started_at: momentText(worker.startedAt),
      deadline_at: momentText(worker.deadlineAt),
    })),
    version: details?.version ?? null,
    build: details?.build ?? null,
    directory: details?.directory ?? null,
    command_line: details?.commandLine ?? null,
    handles: details === undefined ? null : presentHandledTypes(details.handles),
    last_claim_at: presentMoment(details?.lastClaimAt),
    loop_delay_ms: details?.loopDelayMs ?? null,
    clock_offset_ms: details?.clockOffsetMs ?? null,
    warnings: server.warnings.map(({ kind, detail }) => ({ kind, detail })),
  };
}

/** What is known of a server that was told to do something. */
export function presentOrder(report: OrderReport): ServerOrderResponse {
  return {
    id: report.serverId,
    presence: report.presence,
    host: report.host ?? null,
    pid: report.pid ?? null,
    listens: report.listens ?? null,
    acknowledged: report.acknowledged,
    status: report.status ?? null,
    kept_until: momentText(report.keptUntil),
  };
}

/** The same for a server whose tasks were taken. */
export function presentEviction(report: EvictReport): EvictServerResponse {
  return { ...presentOrder(report), tasks: { ...report.tasks } };
}

function presentHandledTypes(handles: HandledTypes): NonNullable<WorkerServer["handles"]> {
  if (handles.kind === "all") return { all: true, exact: [], prefixes: [] };
  return { all: false, exact: [...handles.exact], prefixes: [...handles.prefixes] };
}
