import type { MessagePort } from "node:worker_threads";
import type { Broker } from "../../broker/broker.ts";
import type { BrokerRecipe } from "../../broker/broker-recipe.ts";
import type { BusyWorker, ServerRecord } from "../../broker/presence-facet.ts";
import { errorText } from "../../errors.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { LogFields, Logger, LogLevel } from "../../runtime/logger.ts";
import { Periodic, type Role } from "../../runtime/periodic.ts";
import { extendEveryMs, LeaseExtender, type LostLease } from "./lease-extender.ts";
import { LeaseTableReader, processMonotonic, type TableSegment } from "./lease-table.ts";

type ModuleRecipe = BrokerRecipe & { readonly kind: "module" };

export interface LeaseThreadData {
  readonly recipe: Omit<ModuleRecipe, "options"> & { readonly options: unknown };
  readonly leaseMs: number;
}

/** What the server tells its thread. */
export type ToLeaseThread =
  | { readonly kind: "segment"; readonly segment: TableSegment }
  /** What the server just announced, and how long that is good for: a sign that its event loop turns. */
  | { readonly kind: "announced"; readonly announcement: Announcement }
  | { readonly kind: "stop" };

export interface Announcement {
  readonly server: ServerRecord;
  readonly workers: readonly BusyWorker[];
  readonly everyMs: number;
  readonly ttlMs: number;
}

/** What the thread tells its server. */
export type FromLeaseThread =
  | { readonly kind: "ready" }
  | { readonly kind: "lost"; readonly lease: LostLease }
  | { readonly kind: "log"; readonly level: LogLevel; readonly message: string; readonly fields: LogFields }
  /** The store can't be opened here at all: the leases are the event loop's again. */
  | { readonly kind: "failed"; readonly reason: string }
  /** It let go of the store, as it was told to, and can be ended. It can't do so itself everywhere: not in Deno. */
  | { readonly kind: "stopped" };

const standInEveryMs = 1_000;
const callTimeoutMs = 3_000;

/** How to load each module of this library that a recipe can name. */
export type OwnModules = Readonly<Record<string, () => Promise<object>>>;

/**
 * The thread of a server that keeps its leases while the event loop stands still: started by lease-thread-host.ts, it
 * reads the table of leases in shared memory and speaks to the store over a connection of its own.
 */
export class LeaseThread {
  readonly #port: MessagePort;
  readonly #recipe: LeaseThreadData["recipe"];
  readonly #ownModules: OwnModules;
  readonly #table = new LeaseTableReader();
  readonly #clock: Clock = { ...systemClock, monotonic: processMonotonic };
  readonly #periodics: readonly Periodic[];
  #broker: Promise<Broker> | undefined;
  #opened: Broker | undefined;
  #announcement: Announcement | undefined;
  #lastSign = 0;
  #lastStandIn = 0;

  constructor(port: MessagePort, { recipe, leaseMs }: LeaseThreadData, ownModules: OwnModules) {
    this.#port = port;
    this.#recipe = recipe;
    this.#ownModules = ownModules;
    const extender = new LeaseExtender({
      broker: { extend: async (...args) => (await this.#store()).extend(...args) },
      clock: this.#clock,
      leaseMs,
      table: this.#table,
      onLost: (lease) => this.#tell({ kind: "lost", lease }),
    });
    const standIn: Role = { name: "announcing a server whose event loop is blocked", runOnce: () => this.#standIn() };
    this.#periodics = [this.#periodic(extender, extendEveryMs(leaseMs)), this.#periodic(standIn, standInEveryMs)];
  }

  start(): void {
    this.#port.on("message", (message: ToLeaseThread) => this.#hear(message));
    for (const periodic of this.#periodics) periodic.wake();
    this.#tell({ kind: "ready" });
  }

  #hear(message: ToLeaseThread): void {
    switch (message.kind) {
      case "segment":
        this.#table.addSegment(message.segment);
        return;
      case "announced":
        this.#announcement = message.announcement;
        this.#lastSign = this.#clock.monotonic();
        return;
      case "stop":
        void this.#stop();
        return;
    }
  }

  /** Says what the server said last when it has said nothing for too long, and how long its loop has been silent. */
  async #standIn(): Promise<undefined> {
    if (this.#announcement === undefined) return;
    const { server, workers, everyMs, ttlMs } = this.#announcement;
    const now = this.#clock.monotonic();
    const silentMs = now - this.#lastSign - everyMs;
    if (silentMs < everyMs / 2 || now - this.#lastStandIn < everyMs) return;
    const details = server.details && { ...server.details, loopDelayMs: Math.round(silentMs) };
    const broker = await this.#store();
    await broker.announce({ ...server, details }, workers, ttlMs, { timeoutMs: callTimeoutMs });
    this.#lastStandIn = now;
  }

  /** Opened when the first lease is due: a server of short tasks never needs it. */
  #store(): Promise<Broker> {
    this.#broker ??= this.#open();
    return this.#broker;
  }

  async #open(): Promise<Broker> {
    const { module, make, options } = this.#recipe;
    try {
      const exported: Record<string, unknown> = { ...(await (this.#ownModules[module]?.() ?? import(module))) };
      const factory = exported[make];
      if (typeof factory !== "function") throw new Error(`${module} exports no function "${make}"`);
      this.#opened = factory(options) as Broker;
      return this.#opened;
    } catch (error) {
      this.#tell({ kind: "failed", reason: errorText(error) });
      throw error;
    }
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#periodics.map((periodic) => periodic.stop()));
    const broker = await this.#broker?.catch(() => undefined);
    await broker?.close();
    this.#tell({ kind: "stopped" });
  }

  #periodic(role: Role, everyMs: number): Periodic {
    const isReachable = (): boolean => this.#opened?.reachability().reachable ?? true;
    return new Periodic({
      ...{ role, everyMs, clock: this.#clock, random: Math.random, logger: this.#logger() },
      isReachable,
    });
  }

  #logger(): Logger {
    const line =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void =>
        this.#tell({ kind: "log", level, message, fields });
    return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  }

  #tell(message: FromLeaseThread): void {
    this.#port.postMessage(message);
  }
}
