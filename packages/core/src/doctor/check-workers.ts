import type { CallOptions } from "../broker/call-options.ts";
import { aFinding, type Finding } from "../broker/finding.ts";
import type { InspectFacet, TaskEntry } from "../broker/inspect-facet.ts";
import type { BusyWorker, ServerDetails, ServerRecord } from "../broker/presence-facet.ts";
import type { TaskState } from "../broker/task-message.ts";
import type { HandledTypes } from "../broker/work-facet.ts";

/** How far these checks look into one queue. */
const mostPages = 20;
const pageSize = 500;
const mostClockOffsetMs = 5_000;

type DetailedServer = ServerRecord & { readonly details: ServerDetails };

/** Workers of one queue that run different code, and workers that don't say what they run. */
export function checkWorkers(servers: readonly ServerRecord[]): Finding[] {
  const findings: Finding[] = [];
  for (const server of servers) {
    if (server.details !== undefined) continue;
    const detail =
      `${place(server)} works on ${quoted(Object.keys(server.queues))} and is of another library or of an old version: ` +
      "what it handles is not known";
    findings.push(aFinding("foreign_worker", { detail }));
  }
  for (const server of servers.filter(isDetailed)) {
    const offsetMs = server.details.clockOffsetMs ?? 0;
    if (Math.abs(offsetMs) < mostClockOffsetMs) continue;
    const side = offsetMs > 0 ? "ahead of" : "behind";
    const detail = `the clock of ${place(server)} is ${Math.abs(offsetMs) / 1_000} s ${side} the store's`;
    findings.push(aFinding("clock_offset", { detail }));
  }
  for (const queue of new Set(servers.flatMap(({ queues }) => Object.keys(queues)))) {
    const ours = servers.filter(isDetailed).filter(({ queues }) => queue in queues);
    const builds = new Set(ours.map(({ details }) => JSON.stringify([details.version, details.directory])));
    if (builds.size < 2) continue;
    const who = ours.map(described).join("; ");
    const detail = `${ours.length} live workers of queue "${queue}" run different code: ${who}`;
    findings.push(aFinding("mixed_workers", { queue, detail }));
  }
  return findings;
}

/** Tasks that wait and that no live worker of the queue handles; nothing where that can't be known. */
export async function checkWaitingTypes(
  broker: Pick<InspectFacet, "list">,
  queue: string,
  servers: readonly ServerRecord[],
  call: CallOptions,
): Promise<Finding[]> {
  const takers = servers.filter(({ queues, status }) => queue in queues && status === "active");
  if (takers.some(({ details }) => details === undefined || details.handles.kind === "all")) return [];
  const { entries, isWhole } = await entriesOf(broker, queue, "pending", call);
  const waiting = new Map<string, number>();
  for (const entry of entries) {
    if (entry.unreadable !== undefined) continue;
    const { type } = entry.message;
    if (takers.some(({ details }) => details !== undefined && handles(details.handles, type))) continue;
    waiting.set(type, (waiting.get(type) ?? 0) + 1);
  }
  return [...waiting].map(([type, count]) => {
    const who = takers.length === 0 ? "no live worker takes tasks of this queue" : "no live worker handles it";
    const detail = `${isWhole ? "" : "at least "}${count} \`${type}\` waiting in queue "${queue}", ${who}`;
    return aFinding("unhandled_type", { queue, detail });
  });
}

/** Running tasks whose holder is not among those that are there. */
export async function checkHolders(
  broker: Pick<InspectFacet, "list">,
  queue: string,
  present: { readonly servers: readonly ServerRecord[]; readonly workers: readonly BusyWorker[] },
  call: CallOptions,
): Promise<Finding[]> {
  const ids = new Set(present.servers.map(({ serverId }) => serverId));
  const others = present.servers.some(({ details, queues }) => details === undefined && queue in queues);
  const { entries } = await entriesOf(broker, queue, "active", call);
  const findings: Finding[] = [];
  for (const entry of entries) {
    if (entry.unreadable !== undefined) continue;
    const { message, leaseToken, leaseEndsAt } = entry;
    const holder = leaseToken?.slice(0, leaseToken.lastIndexOf("/"));
    if (holder === undefined ? others : ids.has(holder)) continue;
    const until = leaseEndsAt === undefined ? "" : `; its lease ends at ${new Date(leaseEndsAt).toISOString()}`;
    const who =
      holder === undefined
        ? "has no known holder, and no worker of another library is there"
        : `is held by server ${holder}, which is not there`;
    const detail = `task ${message.id} (${message.type}) of queue "${queue}" ${who}${until}`;
    findings.push(aFinding("holder_gone", { queue, taskId: message.id, detail }));
  }
  return findings;
}

async function entriesOf(
  broker: Pick<InspectFacet, "list">,
  queue: string,
  state: TaskState,
  call: CallOptions,
): Promise<{ entries: readonly TaskEntry[]; isWhole: boolean }> {
  const entries: TaskEntry[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const query = { queue, state, limit: pageSize, ...(cursor !== undefined && { cursor }) };
    const { tasks, nextCursor } = await broker.list(query, call);
    entries.push(...tasks);
    if (nextCursor === undefined) return { entries, isWhole: true };
    cursor = nextCursor;
  }
  return { entries, isWhole: false };
}

function handles(handled: HandledTypes, type: string): boolean {
  if (handled.kind === "all") return true;
  return handled.exact.includes(type) || handled.prefixes.some((prefix) => type.startsWith(prefix));
}

function isDetailed(server: ServerRecord): server is DetailedServer {
  return server.details !== undefined;
}

function described(server: DetailedServer): string {
  const { version, directory, commandLine } = server.details;
  const since = new Date(server.startedAt).toISOString();
  return `${place(server)}, version ${version}, in ${directory}, since ${since}, ${commandLine}`;
}

function place({ host, pid }: ServerRecord): string {
  return `${host} pid ${pid}`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
