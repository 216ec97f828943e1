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
}

/** What the servers tell their thread. `member` is the number of one server. */
export type ToLeaseThread =
  | { readonly kind: "join"; readonly member: number; readonly leaseMs: number }
  | { readonly kind: "segment"; readonly member: number; readonly segment: TableSegment }
  /** What the server just announced, and for how long. It shows that the server's event loop turns. */
  | { readonly kind: "announced"; readonly member: number; readonly announcement: Announcement }
  | { readonly kind: "leave"; readonly member: number }
  | { readonly kind: "stop" };

export interface Announcement {
  readonly server: ServerRecord;
  readonly workers: readonly BusyWorker[];
  readonly everyMs: number;
  readonly ttlMs: number;
}

/** What the thread tells its servers. */
export type FromLeaseThread =
  | { readonly kind: "ready" }
  | { readonly kind: "lost"; readonly member: number; readonly lease: LostLease }
  | { readonly kind: "log"; readonly level: LogLevel; readonly message: string; readonly fields: LogFields }
  /** The store can't be opened in a thread. The event loop extends the leases again. */
  | { readonly kind: "failed"; readonly reason: string }
  /** The thread does nothing more for this server. */
  | { readonly kind: "left"; readonly member: number }
  /** The thread closed the store, as it was told to, and can be ended. It can't end itself everywhere: not in Deno. */
  | { readonly kind: "stopped" };

const standInEveryMs = 1_000;
const callTimeoutMs = 3_000;

/** How to load each module of this library that a recipe can name. */
export type OwnModules = Readonly<Record<string, () => Promise<object>>>;

/** A server whose leases are kept here. */
interface Member {
  readonly table: LeaseTableReader;
  readonly leaseMs: number;
  announcement: Announcement | undefined;
  lastSign: number;
  lastStandIn: number;
}

/** There is one for each length of lease. */
interface Extending {
  readonly extender: LeaseExtender;
  readonly periodic: Periodic;
}

/**
 * The thread of all servers of one broker. It keeps their leases while the event loop stands still. `LeaseThreadHost`
 * starts it. It reads the servers' tables of leases in shared memory and has its own connection to the store.
 */
export class LeaseThread {
  readonly #port: MessagePort;
  readonly #recipe: LeaseThreadData["recipe"];
  readonly #ownModules: OwnModules;
  readonly #clock: Clock = { ...systemClock, monotonic: processMonotonic };
  readonly #members = new Map<number, Member>();
  readonly #extending = new Map<number, Extending>();
  readonly #standingIn: Periodic;
  /** Runs of roles that have not ended. */
  readonly #underWay = new Set<Promise<unknown>>();
  #broker: Promise<Broker> | undefined;
  #opened: Broker | undefined;

  constructor(port: MessagePort, { recipe }: LeaseThreadData, ownModules: OwnModules) {
    this.#port = port;
    this.#recipe = recipe;
    this.#ownModules = ownModules;
    const name = "announcing servers whose event loop is blocked";
    this.#standingIn = this.#periodic({ name, runOnce: () => this.#standIn() }, standInEveryMs);
  }

  start(): void {
    this.#port.on("message", (message: ToLeaseThread) => this.#hear(message));
    this.#standingIn.wake();
    this.#tell({ kind: "ready" });
  }

  #hear(message: ToLeaseThread): void {
    switch (message.kind) {
      case "join":
        this.#join(message.member, message.leaseMs);
        return;
      case "segment":
        this.#members.get(message.member)?.table.addSegment(message.segment);
        return;
      case "announced":
        this.#announced(message.member, message.announcement);
        return;
      case "leave":
        void this.#leave(message.member);
        return;
      case "stop":
        void this.#stop();
        return;
    }
  }

  #join(member: number, leaseMs: number): void {
    const table = new LeaseTableReader();
    const never = Number.NEGATIVE_INFINITY;
    this.#members.set(member, { table, leaseMs, announcement: undefined, lastSign: never, lastStandIn: never });
    let extending = this.#extending.get(leaseMs);
    if (extending === undefined) {
      const extender = new LeaseExtender({
        broker: { extend: async (...args) => (await this.#store()).extend(...args) },
        clock: this.#clock,
        leaseMs,
      });
      extending = { extender, periodic: this.#periodic(extender, extendEveryMs(leaseMs)) };
      this.#extending.set(leaseMs, extending);
      extending.periodic.wake();
    }
    extending.extender.add(table, (lease) => this.#tell({ kind: "lost", member, lease }));
  }

  #announced(member: number, announcement: Announcement): void {
    const told = this.#members.get(member);
    if (told === undefined) return;
    told.announcement = announcement;
    told.lastSign = this.#clock.monotonic();
  }

  async #leave(member: number): Promise<void> {
    const gone = this.#members.get(member);
    if (gone !== undefined) {
      this.#members.delete(member);
      const extending = this.#extending.get(gone.leaseMs);
      extending?.extender.remove(gone.table);
      if (extending?.extender.size === 0) {
        this.#extending.delete(gone.leaseMs);
        void extending.periodic.stop();
      }
    }
    // A run may announce the server. It must end before the server withdraws its announcement.
    await Promise.allSettled(this.#underWay);
    this.#tell({ kind: "left", member });
  }

  /**
   * Repeats the last announcement of servers that have been silent for too long, and says how long their loop stood
   * still.
   */
  async #standIn(): Promise<undefined> {
    const told = await Promise.allSettled([...this.#members.values()].map((member) => this.#standInFor(member)));
    for (const answer of told) if (answer.status === "rejected") throw answer.reason;
  }

  async #standInFor(member: Member): Promise<void> {
    if (member.announcement === undefined) return;
    const { server, workers, everyMs, ttlMs } = member.announcement;
    const now = this.#clock.monotonic();
    const silentMs = now - member.lastSign - everyMs;
    if (silentMs < everyMs / 2 || now - member.lastStandIn < everyMs) return;
    const details = server.details && { ...server.details, loopDelayMs: Math.round(silentMs) };
    const broker = await this.#store();
    await broker.announce({ ...server, details }, workers, ttlMs, { timeoutMs: callTimeoutMs });
    member.lastStandIn = now;
  }

  /** Opens the store when the first lease is due. Servers of short tasks never need it. */
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
    const periodics = [this.#standingIn, ...[...this.#extending.values()].map(({ periodic }) => periodic)];
    await Promise.all(periodics.map((periodic) => periodic.stop()));
    const broker = await this.#broker?.catch(() => undefined);
    await broker?.close();
    this.#tell({ kind: "stopped" });
  }

  #periodic(role: Role, everyMs: number): Periodic {
    const isReachable = (): boolean => this.#opened?.reachability().reachable ?? true;
    const runOnce: Role["runOnce"] = (signal) => this.#noted(role.runOnce(signal));
    return new Periodic({
      role: { name: role.name, runOnce },
      everyMs,
      clock: this.#clock,
      random: Math.random,
      logger: this.#logger(),
      isReachable,
    });
  }

  #noted<T>(run: Promise<T>): Promise<T> {
    const noted = run.finally(() => this.#underWay.delete(noted));
    this.#underWay.add(noted);
    return noted;
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
