import type { CallOptions } from "../broker/call-options.ts";
import { aFinding, type Finding, type FindingFacts, type FindingKind } from "../broker/finding.ts";
import { type InspectFacet, mostDueCounted, type QueueNumbers, type TaskEntry } from "../broker/inspect-facet.ts";
import { serverOfToken } from "../broker/lease-token.ts";
import type { BusyWorker, ServerRecord, SilentServer } from "../broker/presence-facet.ts";
import type { TaskState } from "../broker/task-message.ts";
import { dateOf } from "../date-of.ts";
import { queueTakers, unhandledTypes } from "../live-takers.ts";
import {
  codeOf,
  isGone,
  placeOf,
  type ServerWarning,
  type ServerWarningKind,
  serverWarnings,
} from "../server-warnings.ts";

/** How far these checks look into one queue. */
export interface CheckDepth {
  readonly pages: number;
  readonly pageSize: number;
}

const findingOf: Readonly<Record<ServerWarningKind, FindingKind>> = {
  other_build: "mixed_workers",
  other_directory: "mixed_workers",
  older_process: "older_worker",
  gone: "gone_worker",
  silent: "silent_worker",
  blocked: "blocked_worker",
  clock_offset: "clock_offset",
  foreign: "foreign_worker",
};

/**
 * Workers that should not be there, or not like that. Workers of one queue that run different code make one finding.
 */
export function checkWorkers(servers: readonly ServerRecord[], silent: readonly SilentServer[]): Finding[] {
  const there = servers.filter((server) => !isGone(server));
  const isMixed = ({ kind }: ServerWarning): boolean => findingOf[kind] === "mixed_workers";
  const findings = serverWarnings(servers, silent)
    .filter((warning) => !isMixed(warning))
    .map((warning) => aFinding(findingOf[warning.kind], { detail: warning.detail, facts: factsOf(warning) }));
  for (const queue of new Set(there.flatMap(({ queues }) => Object.keys(queues)))) {
    const ours = there.filter(({ queues, details }) => Object.hasOwn(queues, queue) && details !== undefined);
    // For this queue alone: two servers may differ on one queue and not meet on another.
    const onQueue = ours.map((server) => ({ ...server, queues: { [queue]: 1 } }));
    if (!serverWarnings(onQueue).some(isMixed)) continue;
    const who = ours
      .map((server) => `${placeOf(server)}, ${codeOf(server)}, ${server.details?.commandLine}`)
      .join("; ");
    const detail = `${ours.length} live workers of queue "${queue}" run different code: ${who}`;
    const serverIds = ours.map(({ serverId }) => serverId);
    findings.push(aFinding("mixed_workers", { queue, detail, facts: { serverIds } }));
  }
  return findings;
}

function factsOf(warning: ServerWarning): FindingFacts {
  const { serverId, server } = warning;
  const facts = { serverId, host: server.host, pid: server.pid };
  switch (warning.kind) {
    case "other_build":
    case "other_directory":
    case "older_process":
      return { ...facts, besideServerId: warning.beside.serverId, queues: warning.queues };
    case "gone":
    case "silent":
      return { ...facts, ...(warning.silentSince !== undefined && { silentSinceAt: warning.silentSince }) };
    case "blocked":
      return { ...facts, loopDelayMs: warning.loopDelayMs };
    case "clock_offset":
      return { ...facts, clockOffsetMs: warning.clockOffsetMs };
    case "foreign":
      return { ...facts, queues: warning.queues };
  }
}

/** Tasks that wait or are due in a queue from which no live worker takes tasks. */
export function checkTakers(numbers: QueueNumbers, servers: readonly ServerRecord[]): Finding[] {
  const { queue, counts, due, latencyMs, overdueMs, paused } = numbers;
  const tasks = counts.pending + due;
  if (tasks === 0 || takersOf(queue, servers).length > 0) return [];
  const waitingMs = Math.max(latencyMs, overdueMs);
  const atLeast = due >= mostDueCounted;
  const first = waitingMs < 1_000 ? "" : `, the first for ${Math.round(waitingMs / 1_000)} s`;
  const many = `${atLeast ? "at least " : ""}${tasks} task${tasks === 1 ? "" : "s"}`;
  const wait = tasks === 1 ? "waits or is due" : "wait or are due";
  const detail = `${many} of queue "${queue}" ${wait}${first}, and no live worker takes tasks of this queue`;
  return [aFinding("no_worker", { queue, detail, facts: { tasks, atLeast, waitingMs, paused } })];
}

function takersOf(queue: string, servers: readonly ServerRecord[]): readonly ServerRecord[] {
  return queueTakers(queue, servers).filter((server) => !isGone(server));
}

/**
 * Waiting tasks that no live worker of the queue handles. Nothing when that can't be known. Nothing when there are no
 * workers: `checkTakers` reports that.
 */
export async function checkWaitingTypes(
  broker: Pick<InspectFacet, "list">,
  queue: string,
  servers: readonly ServerRecord[],
  call: CallOptions,
  depth: CheckDepth,
): Promise<Finding[]> {
  const takers = takersOf(queue, servers);
  if (takers.length === 0) return [];
  if (takers.some(({ details }) => details === undefined || details.handles.kind === "all")) return [];
  const { entries, isWhole } = await entriesOf(broker, queue, "pending", call, depth);
  return [...unhandledTypes(entries, takers)].map(([type, count]) => {
    const many = `${isWhole ? "" : "at least "}${count}`;
    const detail = `${many} \`${type}\` waiting in queue "${queue}", no live worker handles it`;
    return aFinding("unhandled_type", { queue, detail, facts: { type, tasks: count, atLeast: !isWhole } });
  });
}

/** Running tasks whose holder is not there. */
export async function checkHolders(
  broker: Pick<InspectFacet, "list">,
  queue: string,
  present: { readonly servers: readonly ServerRecord[]; readonly workers: readonly BusyWorker[] },
  call: CallOptions,
  depth: CheckDepth,
): Promise<Finding[]> {
  const ids = new Set(present.servers.map(({ serverId }) => serverId));
  const others = present.servers.some(({ details, queues }) => details === undefined && Object.hasOwn(queues, queue));
  const { entries } = await entriesOf(broker, queue, "active", call, depth);
  const findings: Finding[] = [];
  for (const entry of entries) {
    if (entry.unreadable !== undefined) continue;
    const { message, leaseToken, leaseEndsAt } = entry;
    const holder = serverOfToken(leaseToken);
    if (holder === undefined ? others : ids.has(holder)) continue;
    const until = leaseEndsAt === undefined ? "" : `; its lease ends at ${dateOf(leaseEndsAt).toISOString()}`;
    const who =
      holder === undefined
        ? "has no known holder, and no worker of another library is there"
        : `is held by server ${holder}, which is not there`;
    const detail = `task ${message.id} (${message.type}) of queue "${queue}" ${who}${until}`;
    const facts = { type: message.type, ...(holder !== undefined && { serverId: holder }) };
    findings.push(aFinding("holder_gone", { queue, taskId: message.id, detail, facts }));
  }
  return findings;
}

async function entriesOf(
  broker: Pick<InspectFacet, "list">,
  queue: string,
  state: TaskState,
  call: CallOptions,
  { pages, pageSize }: CheckDepth,
): Promise<{ entries: readonly TaskEntry[]; isWhole: boolean }> {
  const entries: TaskEntry[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page++) {
    const query = { queue, state, limit: pageSize, ...(cursor !== undefined && { cursor }) };
    const { tasks, nextCursor } = await broker.list(query, call);
    entries.push(...tasks);
    if (nextCursor === undefined) return { entries, isWhole: true };
    cursor = nextCursor;
  }
  return { entries, isWhole: false };
}
