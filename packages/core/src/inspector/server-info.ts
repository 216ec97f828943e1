import type { BusyWorker, PresenceFacet, ServerDetails, ServerStatus } from "../broker/presence-facet.ts";

/** One running process full of workers, as it told of itself a few seconds ago. */
export interface ServerInfo {
  readonly serverId: string;
  readonly host: string;
  readonly pid: number;
  readonly status: ServerStatus;
  readonly startedAt: Date;
  readonly concurrency: number;
  /** Queue names with their priorities. */
  readonly queues: Readonly<Record<string, number>>;
  readonly strictPriority: boolean;
  /** What it runs now. */
  readonly workers: readonly WorkerInfo[];
  /** What only servers of this library tell. */
  readonly details: ServerDetails | undefined;
}

/** One task that a server is running now. */
export interface WorkerInfo {
  readonly taskId: string;
  readonly taskType: string;
  readonly queue: string;
  readonly startedAt: Date;
  readonly deadlineAt: Date;
  /** At most the first 1024 bytes. */
  readonly payload: Uint8Array;
}

export function serverInfosOf({ servers, workers }: Awaited<ReturnType<PresenceFacet["servers"]>>): ServerInfo[] {
  return servers.map(({ activeWorkers: _, startedAt, ...server }) => ({
    ...server,
    startedAt: new Date(startedAt),
    workers: workers.filter(({ serverId }) => serverId === server.serverId).map(workerInfoOf),
  }));
}

function workerInfoOf({ taskId, taskType, queue, startedAt, deadlineAt, payload }: BusyWorker): WorkerInfo {
  return { taskId, taskType, queue, startedAt: new Date(startedAt), deadlineAt: new Date(deadlineAt), payload };
}
