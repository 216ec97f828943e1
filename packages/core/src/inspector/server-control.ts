import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { attemptServerOf } from "../broker/attempt-history.ts";
import type { Broker } from "../broker/broker.ts";
import type { OrderKind, OrderSource, ServerOrder } from "../broker/control-facet.ts";
import { sourceText } from "../broker/order-source.ts";
import type { BusyWorker, ServerRecord, ServerStatus } from "../broker/presence-facet.ts";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { checkedFlag, shown } from "../option-names.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import { CallBudget, type InspectorCallOptions } from "./call-budget.ts";

export interface OrderOptions extends InspectorCallOptions {
  /** Why, for the log of the server and the history of its tasks. At most 500 characters. */
  readonly reason?: string;
  /** For whom you ask, such as a user's name. Host and pid of this process are told anyway. At most 200 characters. */
  readonly who?: string;
  /** How long to wait until the server obeys, at most `"5m"`; less when `within` ends before. Default `"5s"`. */
  readonly wait?: Duration;
}

export interface StopServerOptions extends OrderOptions {
  /** How long its running handlers may go on. Default: its own setting. */
  readonly timeout?: Duration;
}

export interface EvictServerOptions extends OrderOptions {
  /** Evicts a live server too, though it is better to stop one that listens. Default false. */
  readonly force?: boolean;
}

/** What is known of a server that was told to do something. */
export interface OrderReport {
  readonly serverId: string;
  /**
   * `live`: it announced itself in the last seconds. `silent`: in the last ten minutes. `unknown`: not at all. A server
   * of another library is forgotten, and `unknown`, within seconds after it dies.
   */
  readonly presence: "live" | "silent" | "unknown";
  readonly host: string | undefined;
  readonly pid: number | undefined;
  /** False for a server of another library, which never hears this library's orders. Undefined when that is unknown. */
  readonly listens: boolean | undefined;
  /**
   * Whether it was seen to obey: it announced so, or withdrew. If not, it may still obey: the order is kept for it
   * until `keptUntil`.
   */
  readonly acknowledged: boolean;
  /** Its last known status; `gone` once it withdrew. Undefined when it was never seen. */
  readonly status: ServerStatus | "gone" | undefined;
  readonly keptUntil: Date;
}

export interface EvictReport extends OrderReport {
  /**
   * How many tasks were taken from it, by queue. They now wait at the front of their queues. Until `keptUntil` it gets
   * no others.
   *
   * A server of another library does not ask, so it can still take others. Its tasks are known only while it is `live`.
   * Tasks that it held when it died run again when their leases end.
   */
  readonly tasks: Readonly<Record<string, number>>;
}

/** The parts of a broker that remote control uses. */
export type ControlledBroker = Pick<
  Broker,
  "servers" | "silentServers" | "queues" | "order" | "orderedServers" | "evict"
>;

interface Found {
  readonly presence: OrderReport["presence"];
  readonly server: ServerRecord | undefined;
  readonly workers: readonly BusyWorker[];
}

const dayMs = 86_400_000;
/**
 * How long an order is kept. A server's id is never used again, so an order for one that never comes back harms nobody.
 */
const keptForMs: Readonly<Record<OrderKind, number>> = { quiet: dayMs, stop: dayMs, evict: 7 * dayMs };
/** With so many orders kept, none is kept for a server that nobody knows: any text can be the id of one. */
const mostKept = 1_000;
const pollMs = 150;
const longestWaitMs = 300_000;

/** The statuses that show that a server has obeyed an order. */
const obeyedAt: Readonly<Record<OrderKind, ReadonlySet<ServerStatus>>> = {
  quiet: new Set(["stopped", "closed"]),
  stop: new Set(["closed"]),
  evict: new Set(["closed"]),
};

/** Tells servers elsewhere what to do. */
export class ServerControl {
  readonly #broker: ControlledBroker;
  readonly #clock: Clock;
  readonly #slice: number;

  constructor(broker: ControlledBroker, clock: Clock, sliceSize: number) {
    this.#broker = broker;
    this.#clock = clock;
    this.#slice = sliceSize;
  }

  async quiet(serverId: string, options: OrderOptions): Promise<OrderReport> {
    return this.#tell("quiet", serverId, this.#checked("quietServer", serverId, options, orderNames));
  }

  async stop(serverId: string, options: StopServerOptions): Promise<OrderReport> {
    const wishes = this.#checked("stopServer", serverId, options, stopNames);
    const { timeout } = options;
    const timeoutMs = timeout === undefined ? {} : { timeoutMs: durationMs("timeout", timeout) };
    return this.#tell("stop", serverId, { ...wishes, ...timeoutMs });
  }

  async evict(serverId: string, options: EvictServerOptions): Promise<EvictReport> {
    const wishes = this.#checked("evictServer", serverId, options, evictNames);
    const force = checkedFlag("force", options.force ?? false);
    const found = await this.#findForOrder(serverId, wishes.budget);
    if (found.presence === "live" && !force) {
      const place = found.server === undefined ? "" : ` (${found.server.host} pid ${found.server.pid})`;
      throw new HikyakuError(
        "wrong_state",
        `server ${shown(serverId)}${place} was heard of in the last seconds; stop it instead, or set "force" to take its tasks away`,
      );
    }
    // The tasks are taken before the server is told. What it writes from now on does not count, whether it listens or
    // not.
    const tasks = await this.#takeTasks(serverId, found, wishes);
    const report = await this.#tell("evict", serverId, wishes, found);
    return { ...report, tasks };
  }

  async #tell(kind: OrderKind, serverId: string, wishes: Wishes, before?: Found): Promise<OrderReport> {
    const { waitMs, budget, ...words } = wishes;
    const found = before ?? (await this.#findForOrder(serverId, budget));
    const at = this.#clock.now();
    const order: ServerOrder = { orderId: randomUUID(), serverId, kind, at, ...words };
    await this.#broker.order(order, keptForMs[kind], budget.next());
    const { presence, server } = found;
    const listens = server === undefined ? undefined : server.details !== undefined;
    const worthWaiting = presence === "live" && listens === true;
    const seen = worthWaiting ? await this.#watch(kind, serverId, server?.status, wishes) : server?.status;
    const acknowledged = worthWaiting && seen !== undefined && (seen === "gone" || obeyedAt[kind].has(seen));
    return {
      serverId,
      presence,
      host: server?.host,
      pid: server?.pid,
      listens,
      acknowledged,
      status: seen,
      keptUntil: new Date(at + keptForMs[kind]),
    };
  }

  async #watch(
    kind: OrderKind,
    serverId: string,
    before: ServerStatus | undefined,
    { waitMs, budget }: Wishes,
  ): Promise<OrderReport["status"]> {
    const end = this.#clock.monotonic() + waitMs;
    let seen = before;
    for (;;) {
      // The order is kept by now. So a caller whose time is over gets a report and no error.
      const found = budget.isSpent ? undefined : await this.#find(serverId, budget).catch(unlessSpent(budget));
      if (found === undefined) return seen;
      const { presence, server } = found;
      // A server that falls silent has not obeyed. A server that withdrew is in neither list.
      if (presence === "unknown") return "gone";
      seen = server?.status ?? seen;
      if (seen !== undefined && obeyedAt[kind].has(seen)) return seen;
      const leftMs = end - this.#clock.monotonic();
      if (leftMs <= 0) return seen;
      await sleep(this.#clock, Math.min(pollMs, leftMs));
    }
  }

  async #find(serverId: string, budget: CallBudget): Promise<Found> {
    const { servers, workers } = await this.#broker.servers(budget.next());
    const live = servers.find((server) => server.serverId === serverId);
    if (live !== undefined) {
      return { presence: "live", server: live, workers: workers.filter((worker) => worker.serverId === serverId) };
    }
    const silent = (await this.#broker.silentServers(budget.next())).find(({ server }) => server.serverId === serverId);
    return { presence: silent === undefined ? "unknown" : "silent", server: silent?.server, workers: [] };
  }

  /** @throws HikyakuError `wrong_state` when nobody knows the server and enough orders are kept for such servers. */
  async #findForOrder(serverId: string, budget: CallBudget): Promise<Found> {
    const found = await this.#find(serverId, budget);
    if (found.presence !== "unknown" || (await this.#broker.orderedServers(budget.next())) < mostKept) return found;
    throw new HikyakuError(
      "wrong_state",
      `no server ${shown(serverId)} is known, and orders are kept for ${mostKept} servers: ` +
        "nothing was kept for this one; check its id",
    );
  }

  async #takeTasks(serverId: string, found: Found, { by, reason, budget }: Wishes): Promise<Record<string, number>> {
    const { server, workers } = found;
    const queues = server === undefined ? await this.#broker.queues(budget.next()) : Object.keys(server.queues);
    const now = this.#clock.now();
    const attempt = {
      ...attemptServerOf(serverId, server),
      startedAt: now,
      endedAt: now,
      outcome: "lost" as const,
      error: `evicted by ${sourceText(by)}${reason === undefined ? "" : `: ${reason}`}`,
    };
    const taken: [queue: string, tasks: number][] = [];
    for (const queue of queues) {
      const foreign = server?.details === undefined ? workers.filter((worker) => worker.queue === queue) : [];
      const request = {
        queue,
        serverId,
        refuseForMs: keptForMs.evict,
        limit: this.#slice,
        attempt,
        foreignTaskIds: foreign.map(({ taskId }) => taskId),
      };
      let cursor: string | undefined;
      let count = 0;
      do {
        const step = await this.#broker.evict(
          cursor === undefined ? request : { ...request, cursor, foreignTaskIds: [] },
          budget.next(),
        );
        count += step.taskIds.length;
        cursor = step.nextCursor;
      } while (cursor !== undefined);
      if (count > 0) taken.push([queue, count]);
    }
    return Object.fromEntries(taken);
  }

  #checked(method: string, serverId: unknown, options: OrderOptions, known: ReadonlySet<string>): Wishes {
    const budget = new CallBudget(method, options, this.#clock, known);
    if (typeof serverId !== "string" || serverId === "" || serverId.length > 200) {
      throw invalid(`${method}: expected the id of a server, got ${shown(serverId)}`);
    }
    const { reason, who, wait = "5s" } = options;
    const waitMs = durationMs("wait", wait);
    if (waitMs > longestWaitMs) throw invalid(`option "wait": expected at most 5 minutes, got ${shown(wait)}`);
    checkText("reason", reason, 500);
    checkText("who", who, 200);
    return {
      by: { host: hostname(), pid: process.pid, ...(who !== undefined && { who }) },
      ...(reason !== undefined && { reason }),
      waitMs,
      budget,
    };
  }
}

/** Treats a failure as no answer when the caller had no time left for one. */
function unlessSpent(budget: CallBudget): (error: unknown) => undefined {
  return (error) => {
    if (!budget.isSpent) throw error;
  };
}

interface Wishes {
  readonly by: OrderSource;
  readonly reason?: string;
  readonly timeoutMs?: number;
  readonly waitMs: number;
  readonly budget: CallBudget;
}

const callNames = ["signal", "within"] as const;
const orderNames: ReadonlySet<string> = new Set<keyof OrderOptions>([...callNames, "reason", "who", "wait"]);
const stopNames: ReadonlySet<string> = new Set<keyof StopServerOptions>([
  ...callNames,
  "reason",
  "who",
  "wait",
  "timeout",
]);
const evictNames: ReadonlySet<string> = new Set<keyof EvictServerOptions>([
  ...callNames,
  "reason",
  "who",
  "wait",
  "force",
]);

function checkText(option: string, value: unknown, longest: number): void {
  if (value === undefined || (typeof value === "string" && value.length <= longest)) return;
  throw invalid(`option "${option}": expected a text of at most ${longest} characters, got ${shown(value)}`);
}

function invalid(message: string): HikyakuError {
  return new HikyakuError("invalid_option", message);
}
