import { presentEviction, presentOrder } from "@hikyaku/operations/presenters";
import type { Command } from "commander";
import {
  type Duration,
  durationMs,
  type EvictReport,
  type Inspector,
  isHikyakuError,
  type OrderReport,
  visibleText,
} from "hikyaku";
import { exitCodes } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { withStore } from "../open-store.ts";
import { type CommandContext, show } from "../output.ts";
import { UsageError } from "../usage-error.ts";
import { userName } from "../user-name.ts";

interface OrderOptions {
  readonly reason?: string;
  readonly wait: string;
}

interface StopOptions extends OrderOptions {
  readonly timeout?: string;
}

interface EvictOptions extends OrderOptions {
  readonly yes: boolean;
}

/** `servers quiet`, `servers stop`, `servers evict`: tell one server what to do; see docs/servers.md. */
export function addServerOrders(servers: Command, { streams, exitWith }: CommandContext): void {
  const tell = async (
    name: string,
    command: Command,
    order: (inspector: Inspector, serverId: string) => Promise<OrderReport | EvictReport>,
  ): Promise<void> => {
    const report = await withStore(async (_broker, { inspector }) => {
      return order(inspector, findServer(await inspector.servers(), name));
    });
    // `servers` has the same option, and takes it at any position.
    const { json } = command.optsWithGlobals<{ readonly json: boolean }>();
    show(streams, json, "tasks" in report ? presentEviction(report) : presentOrder(report), () => reportText(report));
    exitWith(isDone(report) ? exitCodes.ok : exitCodes.findings);
  };

  anOrder(servers, "quiet", "Tells a server to take no new tasks; running ones go on. There is no way back.").action(
    (name: string, options: OrderOptions, command: Command) =>
      tell(name, command, (inspector, id) => inspector.quietServer(id, wishes(options))),
  );
  anOrder(servers, "stop", "Tells a server to stop: running tasks may finish, then its process ends.")
    .option("--timeout <duration>", "how long running tasks may go on, such as 30s (default: the server's own setting)")
    .action((name: string, { timeout, ...options }: StopOptions, command: Command) =>
      tell(name, command, (inspector, id) =>
        inspector.stopServer(id, {
          ...wishes(options),
          ...(timeout !== undefined && { timeout: duration("timeout", timeout) }),
        }),
      ),
    );
  anOrder(
    servers,
    "evict",
    "Takes all tasks away from a server that does not listen, at once: they run again elsewhere, and nothing that it " +
      "still says of them counts.",
  )
    .option("--yes", "evict it although it was heard of in the last seconds", false)
    .action((name: string, { yes, ...options }: EvictOptions, command: Command) =>
      tell(name, command, async (inspector, id) => {
        try {
          return await inspector.evictServer(id, { ...wishes(options), force: yes });
        } catch (error) {
          if (yes || !isHikyakuError(error, "wrong_state")) throw error;
          throw new UsageError(
            `server ${id} was heard of in the last seconds: stop it (hikyaku servers stop ${id}), or evict it all the ` +
              "same with --yes",
          );
        }
      }),
    );
}

function anOrder(servers: Command, name: string, description: string): Command {
  return servers
    .command(`${name} <server>`)
    .description(
      `${description} <server> is an id, the beginning of one, or host:pid. Exit code: 0 it obeyed, 1 it has not been ` +
        "seen to obey (the order is kept for it), 64 no such server or more than one, 69 the store is not there.",
    )
    .option("--reason <text>", "why, for its log and the history of its tasks")
    .option("--wait <duration>", "how long to wait until it is seen to obey", "5s")
    .option("--json", "write JSON", false);
}

function wishes({ reason, wait }: OrderOptions) {
  return { who: userName(), wait: duration("wait", wait), ...(reason !== undefined && { reason }) };
}

function duration(option: string, text: string): Duration {
  try {
    return { ms: durationMs(option, text as Duration) };
  } catch {
    throw new UsageError(
      `--${option}: expected a duration such as 30s or 2m, got ${JSON.stringify(visibleText(text))}`,
    );
  }
}

/** Possible reasons why nobody knows a server. */
const unknownText =
  "it took its leave, has been silent for ten minutes, or is of another library, whose servers are forgotten within seconds";

/** An eviction is done when the tasks are taken, whether or not the server noticed. */
function isDone(report: OrderReport | EvictReport): boolean {
  return report.acknowledged || "tasks" in report;
}

function reportText(report: OrderReport | EvictReport): string {
  const { serverId, host, pid, keptUntil } = report;
  const place = host === undefined ? "" : ` (${host} pid ${pid})`;
  const lines = [`${serverId}${place}: ${answerText(report)}`];
  if ("tasks" in report) {
    const queues = Object.entries(report.tasks).map(([queue, count]) => `${count} of ${queue}`);
    lines.push(`  tasks taken from it: ${queues.length === 0 ? noTasksText(report) : queues.join(", ")}`);
    lines.push(`  ${fromNowOnText(report, keptUntil.toISOString())}`);
  }
  return `${lines.map(visibleText).join("\n")}\n`;
}

/** Leases of this library say whose they are; Asynq's don't, and its servers are forgotten seconds after they die. */
function noTasksText({ listens }: EvictReport): string {
  if (listens === true) return "none, it held none";
  if (listens === false) return "none, it told of none; what it took since runs again when its leases end";
  return "none that says it is held by it; what a dead server of another library held runs again when its leases end";
}

function fromNowOnText({ listens }: EvictReport, until: string): string {
  if (listens === true) return `it gets no others until ${until}`;
  if (listens === false) return "it can take others until its process ends";
  return `it gets no others until ${until}, unless it is of another library: such a one does not ask`;
}

function answerText({ presence, listens, acknowledged, status, keptUntil }: OrderReport): string {
  const kept = `the order is kept for it until ${keptUntil.toISOString()}`;
  if (acknowledged)
    return status === "gone" ? "has stopped" : status === "stopped" ? "takes no new tasks" : "is stopping";
  if (listens === false) return "is of another library and can't hear: stop its process by hand";
  if (presence === "unknown") return `is not known: ${unknownText}; ${kept}`;
  if (presence === "silent") return `is silent: frozen, cut off or dead; ${kept}`;
  return `has not answered yet, last seen ${status}; ${kept}`;
}
