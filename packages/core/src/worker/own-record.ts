import { hostname } from "node:os";
import type { ServerRecord, ServerStatus } from "../broker/presence-facet.ts";
import type { AttemptServer, HandledTypes } from "../broker/work-facet.ts";
import { cutText } from "../cut-text.ts";
import { ownProcessIdentity } from "../runtime/process-identity.ts";
import { version } from "../runtime/version.ts";
import type { ResolvedServerOptions } from "./server-options.ts";
import type { ServerReport, ServerState } from "./server-report.ts";

/** It is announced every five seconds, and some programs are started with very many arguments. */
const longestCommandLine = 2_000;

const processIdentity = ownProcessIdentity();

/** The announced word for each state. The words are the wire format's. */
const told: Readonly<Record<ServerState, ServerStatus>> = {
  new: "new",
  active: "active",
  quiet: "stopped",
  stopping: "closed",
  closed: "closed",
};

/** How a server of this process is named in the attempts that it runs. */
export function thisServer(serverId: string, { build }: Pick<ResolvedServerOptions, "build">): AttemptServer {
  const place = { serverId, host: hostname(), pid: process.pid, directory: process.cwd() };
  return build === undefined ? place : { ...place, build };
}

/** What a server announces of itself. */
export function serverRecordOf(
  { concurrency, queues, strictPriority, build }: ResolvedServerOptions,
  report: ServerReport,
  more: { readonly startedAt: number; readonly handles: HandledTypes },
): ServerRecord {
  return {
    serverId: report.serverId,
    host: hostname(),
    pid: process.pid,
    concurrency,
    queues,
    strictPriority,
    status: told[report.state],
    startedAt: more.startedAt,
    activeWorkers: report.running,
    details: {
      version,
      build,
      parentPid: process.ppid,
      directory: process.cwd(),
      commandLine: cutText(process.argv.join(" "), longestCommandLine),
      handles: more.handles,
      lastClaimAt: report.lastClaimAt?.getTime(),
      loopDelayMs: report.loopDelayMs,
      clockOffsetMs: report.clockOffsetMs,
      processIdentity,
    },
  };
}
