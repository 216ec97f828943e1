import type {
  BusyWorker,
  PresenceFacet,
  ServerDetails,
  ServerRecord,
  ServerStatus,
  SilentServer,
} from "../broker/presence-facet.ts";
import { dateOf } from "../date-of.ts";
import { type ServerWarning, serverWarnings } from "../server-warnings.ts";

/** One running process full of workers, as it described itself last. */
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
  /** What it runs now. Empty for a silent server, because nobody knows. */
  readonly workers: readonly WorkerInfo[];
  /** Only servers of this library tell it. */
  readonly details: ServerDetails | undefined;
  /** Since when it is silent. Undefined when it announced itself in the last seconds. */
  readonly silentSince: Date | undefined;
  /** Why somebody should look at it. */
  readonly warnings: readonly ServerWarning[];
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

export function serverInfosOf(
  { servers, workers }: Awaited<ReturnType<PresenceFacet["servers"]>>,
  silent: readonly SilentServer[],
): ServerInfo[] {
  const warnings = serverWarnings(servers, silent);
  const info = (
    { activeWorkers: _, startedAt, ...server }: ServerRecord,
    silentSince: Date | undefined,
  ): ServerInfo => ({
    ...server,
    startedAt: dateOf(startedAt),
    workers: workers.filter(({ serverId }) => serverId === server.serverId).map(workerInfoOf),
    silentSince,
    warnings: warnings.filter(({ serverId }) => serverId === server.serverId),
  });
  return [
    ...servers.map((server) => info(server, undefined)),
    ...silent.map(({ server, silentSince }) => info(server, dateOf(silentSince))),
  ];
}

function workerInfoOf({ taskId, taskType, queue, startedAt, deadlineAt, payload }: BusyWorker): WorkerInfo {
  return { taskId, taskType, queue, startedAt: dateOf(startedAt), deadlineAt: dateOf(deadlineAt), payload };
}
