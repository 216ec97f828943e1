import { resolve } from "node:path";
import { HikyakuError } from "../../errors.ts";
import { refuseUnknownOptions, shown } from "../../option-names.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Broker, Reachability } from "../broker.ts";
import { type BrokerRecipe, recipeOf } from "../broker-recipe.ts";
import type { CallOptions } from "../call-options.ts";
import { EventOutbox } from "../event-outbox.ts";
import { HeardCalls } from "../heard-calls.ts";
import { joinFacets } from "../join-facets.ts";
import { ToldCalls } from "../told-calls.ts";
import { WriteTally } from "../write-tally.ts";
import { SqliteChange } from "./change.ts";
import { SqliteControl } from "./control.ts";
import { inMemory } from "./database.ts";
import { SqliteEnqueue } from "./enqueue.ts";
import { SqliteEvents } from "./events.ts";
import { SqliteGroups } from "./groups.ts";
import { SqliteInspect } from "./inspect.ts";
import { SqliteMaintain } from "./maintain.ts";
import { SqlitePolicy } from "./policy.ts";
import { SqlitePresence } from "./presence.ts";
import { SqliteReconcile } from "./reconcile.ts";
import { SqliteRecords } from "./records.ts";
import { SqliteReport } from "./report.ts";
import { SqliteSchedule } from "./schedule.ts";
import { SqliteSignals } from "./signals.ts";
import { SqliteStatistics } from "./statistics.ts";
import { Store } from "./store.ts";
import { SqliteTrails } from "./trails.ts";
import { SqliteWork } from "./work.ts";
import { probeWrites } from "./write-probe.ts";

export interface SqliteBrokerOptions {
  /** The database file. Folder and file are made if missing. `:memory:` keeps everything in this one broker. */
  readonly path: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** How long a call without its own `timeoutMs` waits for another process's lock on the file. Default: 5000. */
  readonly commandTimeoutMs?: number;
}

/**
 * A broker on a SQLite file: nothing to install, several processes on one machine. Accepted tasks are on disk. The file
 * must lie on a local disk: SQLite's locks do not hold on network file systems.
 * @throws HikyakuError `invalid_option`. A file that can't be opened fails each call until it can, not this one.
 */
export function sqliteBroker(options: SqliteBrokerOptions): Broker {
  const { path, clock = systemClock, commandTimeoutMs = 5_000 } = checked(options);
  const store = new Store({ path, clock, commandTimeoutMs });
  const enqueue = new SqliteEnqueue(store);
  const maintain = new SqliteMaintain(store);
  const groups = new SqliteGroups(store, enqueue);
  const work = new SqliteWork(store);
  const presence = new SqlitePresence(store);
  const schedule = new SqliteSchedule(store, enqueue);
  const heard = new HeardCalls(joinFacets({}, enqueue, work, groups, schedule), store);
  const control = new SqliteControl(store);
  const signals = new SqliteSignals(store);
  const events = new SqliteEvents(store);
  const outbox = new EventOutbox(clock, events);
  const told = new ToldCalls(joinFacets({}, heard, presence, control, signals, events), outbox, clock);
  const watched = new WriteTally(clock, joinFacets({}, told, heard, work));
  return joinFacets(
    new SqliteFile(store, enqueue, outbox, recipeFor({ path, clock, commandTimeoutMs })),
    watched,
    told,
    heard,
    enqueue,
    work,
    maintain,
    groups,
    presence,
    schedule,
    new SqliteChange(store),
    control,
    new SqliteInspect(store),
    new SqlitePolicy(store),
    new SqliteReconcile(store, joinFacets({}, maintain, groups)),
    new SqliteRecords(store),
    new SqliteTrails(store),
    new SqliteReport(store),
    signals,
    new SqliteStatistics(store),
  );
}

function recipeFor(options: SqliteBrokerOptions): BrokerRecipe {
  if (options.path === inMemory) return { kind: "none", why: "it lives in the memory of one broker" };
  return recipeOf("hikyaku/sqlite", "sqliteBroker", { ...options, path: resolve(options.path) });
}

/** What a broker is beside its facets: where it lies, whether it answers, and its end. */
class SqliteFile {
  readonly location: string;
  readonly recipe: BrokerRecipe;
  readonly pacing = "together";
  readonly #store: Store;
  readonly #enqueue: SqliteEnqueue;
  readonly #outbox: EventOutbox;

  constructor(store: Store, enqueue: SqliteEnqueue, outbox: EventOutbox, recipe: BrokerRecipe) {
    this.location = store.location;
    this.recipe = recipe;
    this.#store = store;
    this.#enqueue = enqueue;
    this.#outbox = outbox;
  }

  async ready(call?: CallOptions): Promise<void> {
    await this.#store.read(call, (db) => db.get("SELECT count(*) FROM claims"));
  }

  reachability(): Reachability {
    return this.#store.reachability;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    return this.#store.onReachability(listener);
  }

  probeWrites(queues: readonly string[], call?: CallOptions): Promise<void> {
    return probeWrites(this.#store, this.#enqueue, queues, call);
  }

  async close(): Promise<void> {
    await this.#outbox.close();
    await this.#store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const knownOptions: ReadonlySet<string> = new Set<keyof SqliteBrokerOptions>(["path", "clock", "commandTimeoutMs"]);

function checked(options: SqliteBrokerOptions): SqliteBrokerOptions {
  refuseUnknownOptions("sqliteBroker", options, knownOptions);
  const { path, commandTimeoutMs } = options;
  if (typeof path !== "string" || path === "") {
    throw new HikyakuError("invalid_option", `option "path": expected the path of a file, got ${shown(path)}`);
  }
  if (commandTimeoutMs !== undefined && !(commandTimeoutMs > 0)) {
    throw new HikyakuError(
      "invalid_option",
      `option "commandTimeoutMs": expected a number of milliseconds above 0, got ${shown(commandTimeoutMs)}`,
    );
  }
  return options;
}
