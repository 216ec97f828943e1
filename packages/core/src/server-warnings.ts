import type { ServerDetails, ServerRecord, SilentServer } from "./broker/presence-facet.ts";
import { isSurelyGone } from "./runtime/process-identity.ts";

/**
 * Why somebody should look at a server.
 *
 * - `other_build`: it runs another version or build than a server that started later on the same queues.
 * - `other_directory`: the same, for the directory that it was started in.
 * - `older_process`: a server was started over a minute later on the same host and queues, from the same place. Changes
 *   of the code in between are not in this one. Workers of one parent process are not told apart.
 * - `gone`: its process was on this machine and has ended without withdrawing its announcement.
 * - `silent`: its announcements have stopped: it is frozen, cut off or dead.
 * - `blocked`: its event loop stands still.
 * - `clock_offset`: its clock differs from the store's.
 * - `foreign`: it belongs to another library or an old version, and does not say what it runs.
 */
export type ServerWarningKind =
  | "other_build"
  | "other_directory"
  | "older_process"
  | "gone"
  | "silent"
  | "blocked"
  | "clock_offset"
  | "foreign";

/** One thing about one server that should be looked at: its kind with the facts of that kind. */
export type ServerWarning = {
  readonly serverId: string;
  readonly server: ServerRecord;
  /** The facts in words, in English: they name the server, and the one that it is compared with. */
  readonly detail: string;
} & WarningFacts;

type WarningFacts =
  | {
      readonly kind: "other_build" | "other_directory" | "older_process";
      /** The server that it is compared with, which started later. */
      readonly beside: ServerRecord;
      /** The queues that both work on. */
      readonly queues: readonly string[];
    }
  /** Undefined while its last announcement still holds. */
  | { readonly kind: "gone"; readonly silentSince: number | undefined }
  | { readonly kind: "silent"; readonly silentSince: number }
  | { readonly kind: "blocked"; readonly loopDelayMs: number }
  /** How far its clock is ahead of the store's. Negative: it is behind. */
  | { readonly kind: "clock_offset"; readonly clockOffsetMs: number }
  | { readonly kind: "foreign"; readonly queues: readonly string[] };

type DetailedServer = ServerRecord & { readonly details: ServerDetails };

const mostClockOffsetMs = 5_000;
const mostLoopDelayMs = 5_000;
/**
 * Workers that start within this time of each other are no duplicates: they start together, or in a rolling restart.
 */
const startedTogetherMs = 60_000;

/**
 * The one judgement about servers that should not be there, or not like that. Logs, `/readyz`, the doctor and the API
 * all ask it. Each server is compared with the one that started last on any of its queues, so the warnings name the
 * servers that were left behind.
 */
export function serverWarnings(
  servers: readonly ServerRecord[],
  silent: readonly SilentServer[] = [],
): readonly ServerWarning[] {
  const gone = new Set(servers.filter(isGone));
  const there = servers.filter((server) => !gone.has(server));
  const newest = newestByQueue(there.filter(isDetailed));
  return [
    ...there.flatMap((server) => {
      if (isDetailed(server)) return warningsOf(server, newest);
      return [warningOf(server, { kind: "foreign", queues: Object.keys(server.queues) })];
    }),
    ...[...gone].map((server) => warningOf(server, { kind: "gone", silentSince: undefined })),
    ...silent.map(({ server, silentSince }) =>
      warningOf(server, { kind: isGone(server) ? "gone" : "silent", silentSince }),
    ),
  ];
}

/** Whether its process surely does not run any more. Only known for processes of this machine. */
export function isGone({ pid, details }: ServerRecord): boolean {
  return details?.processIdentity !== undefined && isSurelyGone(pid, details.processIdentity);
}

/** Names a server in a line of text: where it runs, and since when. */
export function placeOf({ host, pid }: Pick<ServerRecord, "host" | "pid">): string {
  return `${host} pid ${pid}`;
}

/** The same, with what it runs. */
export function codeOf({ details, startedAt }: ServerRecord): string {
  const since = `started ${new Date(startedAt).toISOString()}`;
  if (details === undefined) return `another library's server, ${since}`;
  const { version, build, directory } = details;
  return `in ${directory}, version ${version}${build === undefined ? "" : ` build ${build}`}, ${since}`;
}

function warningsOf(server: DetailedServer, newestOf: ReadonlyMap<string, DetailedServer>): ServerWarning[] {
  const facts: WarningFacts[] = [];
  const newest = newestBeside(server, newestOf);
  const kind = newest === undefined ? undefined : differenceOf(server, newest);
  if (newest !== undefined && kind !== undefined) {
    facts.push({ kind, beside: newest, queues: sharedQueues(server, newest) });
  }
  const { clockOffsetMs = 0, loopDelayMs = 0 } = server.details;
  if (Math.abs(clockOffsetMs) >= mostClockOffsetMs) facts.push({ kind: "clock_offset", clockOffsetMs });
  if (loopDelayMs >= mostLoopDelayMs) facts.push({ kind: "blocked", loopDelayMs });
  return facts.map((fact) => warningOf(server, fact));
}

function warningOf(server: ServerRecord, facts: WarningFacts): ServerWarning {
  return { serverId: server.serverId, server, ...facts, detail: inWords(server, facts) };
}

function inWords(server: ServerRecord, facts: WarningFacts): string {
  const place = placeOf(server);
  switch (facts.kind) {
    case "other_build":
    case "other_directory":
    case "older_process": {
      const { beside, queues, kind } = facts;
      const where = `queue${queues.length === 1 ? "" : "s"} ${quoted(queues)}`;
      const both = `${place} (${codeOf(server)}) and ${placeOf(beside)} (${codeOf(beside)})`;
      return kind === "older_process"
        ? `${both} both work on ${where}; the first may be one that was left behind`
        : `${both} run different code on ${where}; chance decides which runs a task`;
    }
    case "gone":
      return `${place} (${codeOf(server)}) is gone: its process has ended without taking its leave`;
    case "silent": {
      const since = new Date(facts.silentSince).toISOString();
      return `${place} (${codeOf(server)}) has not been heard of since ${since}: it is frozen, cut off or dead`;
    }
    case "blocked":
      return `the event loop of ${place} stood still for ${Math.round(facts.loopDelayMs / 1_000)} s`;
    case "clock_offset": {
      const { clockOffsetMs } = facts;
      const side = clockOffsetMs > 0 ? "ahead of" : "behind";
      return `the clock of ${place} is ${Math.abs(clockOffsetMs) / 1_000} s ${side} the store's`;
    }
    case "foreign":
      return (
        `${place} works on ${quoted(facts.queues)} and is of another library or of an old version: ` +
        "what it handles is not known"
      );
  }
}

function quoted(queues: readonly string[]): string {
  return queues.map((queue) => `"${queue}"`).join(", ");
}

function newestByQueue(servers: readonly DetailedServer[]): Map<string, DetailedServer> {
  const newestOf = new Map<string, DetailedServer>();
  for (const server of servers) {
    for (const queue of Object.keys(server.queues)) {
      const newest = newestOf.get(queue);
      if (newest === undefined || isLater(server, newest)) newestOf.set(queue, server);
    }
  }
  return newestOf;
}

/** The server that started last of all that share a queue with this one. Undefined when that is this one. */
function newestBeside(
  server: DetailedServer,
  newestOf: ReadonlyMap<string, DetailedServer>,
): DetailedServer | undefined {
  let newest = server;
  for (const queue of Object.keys(server.queues)) {
    const other = newestOf.get(queue);
    if (other !== undefined && isLater(other, newest)) newest = other;
  }
  return newest === server ? undefined : newest;
}

/** A fixed order of servers that started in the same millisecond, so that one of the two is named. */
function isLater(one: ServerRecord, other: ServerRecord): boolean {
  return one.startedAt === other.startedAt ? one.serverId > other.serverId : one.startedAt > other.startedAt;
}

function differenceOf(
  older: DetailedServer,
  newer: DetailedServer,
): "other_build" | "other_directory" | "older_process" | undefined {
  const [own, theirs] = [older.details, newer.details];
  if (own.version !== theirs.version) return "other_build";
  if (own.build !== undefined && theirs.build !== undefined && own.build !== theirs.build) return "other_build";
  if (own.directory !== theirs.directory) return "other_directory";
  const sameProcess = older.host === newer.host && older.pid === newer.pid;
  const siblings = own.parentPid !== undefined && own.parentPid === theirs.parentPid;
  if (older.host !== newer.host || sameProcess || siblings) return undefined;
  return newer.startedAt - older.startedAt > startedTogetherMs ? "older_process" : undefined;
}

function sharedQueues({ queues: own }: ServerRecord, { queues: theirs }: ServerRecord): string[] {
  return Object.keys(own).filter((queue) => Object.hasOwn(theirs, queue));
}

function isDetailed(server: ServerRecord): server is DetailedServer {
  return server.details !== undefined;
}
