import { resolve } from "node:path";
import { HikyakuError } from "../../errors.ts";
import { refuseUnknownOptions, shown } from "../../option-names.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Broker, Reachability } from "../broker.ts";
import { type BrokerRecipe, recipeOf } from "../broker-recipe.ts";
import type { CallOptions } from "../call-options.ts";
import { WriteTally } from "../write-tally.ts";
import { SqliteChange } from "./change.ts";
import { SqliteControl } from "./control.ts";
import { inMemory } from "./database.ts";
import { SqliteEnqueue } from "./enqueue.ts";
import { SqliteGroups } from "./groups.ts";
import { SqliteInspect } from "./inspect.ts";
import { SqliteMaintain } from "./maintain.ts";
import { SqlitePresence } from "./presence.ts";
import { SqliteReconcile } from "./reconcile.ts";
import { SqliteSchedule } from "./schedule.ts";
import { SqliteSignals } from "./signals.ts";
import { Store } from "./store.ts";
import { SqliteWork } from "./work.ts";
import { probeWrites } from "./write-probe.ts";

export interface SqliteBrokerOptions {
  /** The database file; folder and file are made where missing. `:memory:` keeps everything in this one broker. */
  readonly path: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** How long a call without its own `timeoutMs` waits for another process's lock on the file. Default: 5000. */
  readonly commandTimeoutMs?: number;
}

/**
 * A broker on a SQLite file: nothing to install, several processes on one machine. What was accepted is on disk.
 * The file must lie on a local disk: SQLite's locks do not hold on network file systems.
 * @throws HikyakuError `invalid_option`. A file that can't be opened is no error here but of each call, until it can.
 */
export function sqliteBroker(options: SqliteBrokerOptions): Broker {
  const { path, clock = systemClock, commandTimeoutMs = 5_000 } = checked(options);
  return new SqliteBroker(new Store({ path, clock, commandTimeoutMs }), recipeFor({ path, clock, commandTimeoutMs }));
}

function recipeFor(options: SqliteBrokerOptions): BrokerRecipe {
  if (options.path === inMemory) return { kind: "none", why: "it lives in the memory of one broker" };
  return recipeOf("hikyaku/sqlite", "sqliteBroker", { ...options, path: resolve(options.path) });
}

class SqliteBroker implements Broker {
  readonly location: string;
  readonly recipe: BrokerRecipe;
  readonly pacing = "together";
  readonly #store: Store;
  readonly #enqueue: SqliteEnqueue;
  readonly #work: SqliteWork;
  readonly #maintain: SqliteMaintain;
  readonly #groups: SqliteGroups;
  readonly #inspect: SqliteInspect;
  readonly #change: SqliteChange;
  readonly #presence: SqlitePresence;
  readonly #control: SqliteControl;
  readonly #schedule: SqliteSchedule;
  readonly #reconcile: SqliteReconcile;
  readonly #signals: SqliteSignals;
  readonly #writes: WriteTally;

  constructor(store: Store, recipe: BrokerRecipe) {
    this.location = store.location;
    this.recipe = recipe;
    this.#store = store;
    this.#enqueue = new SqliteEnqueue(store);
    this.#work = new SqliteWork(store);
    this.#maintain = new SqliteMaintain(store);
    this.#groups = new SqliteGroups(store, this.#enqueue);
    this.#inspect = new SqliteInspect(store);
    this.#change = new SqliteChange(store);
    this.#presence = new SqlitePresence(store);
    this.#control = new SqliteControl(store);
    this.#schedule = new SqliteSchedule(store, this.#enqueue);
    this.#reconcile = new SqliteReconcile(store, this);
    this.#signals = new SqliteSignals(store);
    this.#writes = new WriteTally(store.clock);
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

  close(): Promise<void> {
    return this.#store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  enqueue: Broker["enqueue"] = (...args) => this.#writes.enqueue(this.#enqueue.enqueue(...args));

  claim: Broker["claim"] = (...args) => this.#writes.claim(this.#work.claim(...args));
  settle: Broker["settle"] = (...args) => this.#writes.settle(this.#work.settle(...args));
  extend: Broker["extend"] = (...args) => this.#writes.extend(this.#work.extend(...args));
  takeOver: Broker["takeOver"] = (...args) => this.#work.takeOver(...args);
  takeBack: Broker["takeBack"] = (...args) => this.#work.takeBack(...args);
  beginAlone: Broker["beginAlone"] = (...args) => this.#work.beginAlone(...args);
  waitForWork: Broker["waitForWork"] = (...args) => this.#work.waitForWork(...args);
  writeResult: Broker["writeResult"] = (...args) => this.#work.writeResult(...args);

  forwardDue: Broker["forwardDue"] = (...args) => this.#maintain.forwardDue(...args);
  sweep: Broker["sweep"] = (...args) => this.#maintain.sweep(...args);

  groups: Broker["groups"] = (...args) => this.#groups.groups(...args);
  collect: Broker["collect"] = (...args) => this.#groups.collect(...args);
  finish: Broker["finish"] = (...args) => this.#groups.finish(...args);
  archiveMembers: Broker["archiveMembers"] = (...args) => this.#groups.archiveMembers(...args);
  putBack: Broker["putBack"] = (...args) => this.#groups.putBack(...args);
  reclaim: Broker["reclaim"] = (...args) => this.#groups.reclaim(...args);

  queues: Broker["queues"] = (...args) => this.#inspect.queues(...args);
  queue: Broker["queue"] = (...args) => this.#inspect.queue(...args);
  history: Broker["history"] = (...args) => this.#inspect.history(...args);
  memory: Broker["memory"] = (...args) => this.#inspect.memory(...args);
  list: Broker["list"] = (...args) => this.#inspect.list(...args);
  get: Broker["get"] = (...args) => this.#inspect.get(...args);
  archivedSince: Broker["archivedSince"] = (...args) => this.#inspect.archivedSince(...args);
  pause: Broker["pause"] = (...args) => this.#inspect.pause(...args);
  resume: Broker["resume"] = (...args) => this.#inspect.resume(...args);

  change: Broker["change"] = (...args) => this.#change.change(...args);
  editPayload: Broker["editPayload"] = (...args) => this.#change.editPayload(...args);
  releaseLock: Broker["releaseLock"] = (...args) => this.#change.releaseLock(...args);
  removeQueue: Broker["removeQueue"] = (...args) => this.#change.removeQueue(...args);

  announce: Broker["announce"] = (...args) => this.#writes.announce(this.#presence.announce(...args));
  withdraw: Broker["withdraw"] = (...args) => this.#presence.withdraw(...args);
  servers: Broker["servers"] = (...args) => this.#presence.servers(...args);
  silentServers: Broker["silentServers"] = (...args) => this.#presence.silentServers(...args);
  storeTime: Broker["storeTime"] = () => this.#presence.storeTime();

  order: Broker["order"] = (...args) => this.#control.order(...args);
  orderedServers: Broker["orderedServers"] = (...args) => this.#control.orderedServers(...args);
  evict: Broker["evict"] = (...args) => this.#control.evict(...args);

  announceEntries: Broker["announceEntries"] = (...args) => this.#schedule.announceEntries(...args);
  withdrawEntries: Broker["withdrawEntries"] = (...args) => this.#schedule.withdrawEntries(...args);
  scheduleRecords: Broker["scheduleRecords"] = (...args) => this.#schedule.scheduleRecords(...args);
  beginTurns: Broker["beginTurns"] = (...args) => this.#schedule.beginTurns(...args);
  fireTurn: Broker["fireTurn"] = (...args) => this.#schedule.fireTurn(...args);
  recordEvent: Broker["recordEvent"] = (...args) => this.#schedule.recordEvent(...args);
  enqueueEvents: Broker["enqueueEvents"] = (...args) => this.#schedule.enqueueEvents(...args);
  durableEntries: Broker["durableEntries"] = (...args) => this.#schedule.durableEntries(...args);
  unreadableEntries: Broker["unreadableEntries"] = (...args) => this.#schedule.unreadableEntries(...args);
  putDurableEntry: Broker["putDurableEntry"] = (...args) => this.#schedule.putDurableEntry(...args);
  removeDurableEntry: Broker["removeDurableEntry"] = (...args) => this.#schedule.removeDurableEntry(...args);

  reconcile: Broker["reconcile"] = (...args) => this.#reconcile.reconcile(...args);
  findQueues: Broker["findQueues"] = (...args) => this.#reconcile.findQueues(...args);
  checkSettings: Broker["checkSettings"] = () => this.#reconcile.checkSettings();

  writeHealth: Broker["writeHealth"] = () => this.#writes.health;
  probeWrites: Broker["probeWrites"] = (queues, call) => probeWrites(this.#store, this.#enqueue, queues, call);

  send: Broker["send"] = (...args) => this.#signals.send(...args);
  listen: Broker["listen"] = (...args) => this.#signals.listen(...args);
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
