import { presentServer } from "@hikyaku/operations/presenters";
import type { Command } from "commander";
import { type HandledTypes, Inspector, type ServerInfo, visibleText } from "hikyaku";
import { withStore } from "../open-store.ts";
import { ago, type CommandContext, show } from "../output.ts";
import { addServerOrders } from "./server-orders.ts";

/** `servers`: who works on the store's queues, and what they run. */
export function addServers(program: Command, context: CommandContext): void {
  const { streams } = context;
  const servers = program
    .command("servers")
    .description(
      "Lists the worker servers that are there: where they run, which code, what they handle and run now, and what is " +
        "wrong with them. Its commands tell one of them to go quiet, to stop, or take its tasks away.",
    )
    .option("--json", "write JSON", false)
    .action(async ({ json }: { readonly json: boolean }) => {
      const { servers, store } = await withStore(async (broker) => ({
        servers: await new Inspector({ broker }).servers(),
        store: broker.location,
      }));
      show(streams, json, { store, servers: servers.map(presentServer) }, () => serversText(servers, store));
    });
  addServerOrders(servers, context);
}

function serversText(servers: readonly ServerInfo[], store: string): string {
  if (servers.length === 0) return `${store}: no live worker server; tasks wait until one is started.\n`;
  const now = Date.now();
  return servers.map((server) => `${serverLines(server, now).map(visibleText).join("\n")}\n`).join("\n");
}

function serverLines(server: ServerInfo, now: number): string[] {
  const { serverId, host, pid, status, startedAt, concurrency, queues, workers, details, silentSince } = server;
  const places = Object.entries(queues).map(([queue, priority]) => `${queue}:${priority}`);
  const lines = [
    `${host} pid ${pid}: ${status}, runs ${workers.length} of at most ${concurrency}, since ${startedAt.toISOString()}`,
    `  id          ${serverId}`,
    `  queues      ${places.join(" ")}`,
  ];
  const isGone = server.warnings.some(({ kind }) => kind === "gone");
  if (isGone || silentSince !== undefined) {
    const last = silentSince === undefined ? "" : `, last heard of ${ago(now - silentSince.getTime())} ago`;
    lines[0] = `${host} pid ${pid}: ${isGone ? "gone" : "silent"}${last}, started ${startedAt.toISOString()}`;
  }
  if (details === undefined) {
    lines.push("  of another library or an old version: nothing else is told");
  } else {
    const { version, build, directory, commandLine, handles, lastClaimAt } = details;
    const claimed = lastClaimAt === undefined ? "never" : `${ago(now - lastClaimAt)} ago`;
    lines.push(
      `  version     ${version}${build === undefined ? "" : ` build ${build}`}`,
      `  directory   ${directory}`,
      `  command     ${commandLine}`,
      `  handles     ${handledText(handles)}`,
      `  last claim  ${claimed}`,
    );
  }
  for (const worker of workers) {
    const forTime = ago(now - worker.startedAt.getTime());
    lines.push(`  running     ${worker.taskType} ${worker.taskId} of ${worker.queue} for ${forTime}`);
  }
  for (const { kind, detail } of server.warnings) lines.push(`  look at     ${kind}: ${detail}`);
  return lines;
}

function handledText(handles: HandledTypes): string {
  if (handles.kind === "all") return "every type";
  const names = [...handles.exact, ...handles.prefixes.map((prefix) => `${prefix}*`)];
  return names.length === 0 ? "nothing" : names.join(" ");
}
