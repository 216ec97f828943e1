import { systemClock } from "../../runtime/clock.ts";
import type { Broker, Reachability } from "../broker.ts";
import { type BrokerRecipe, recipeOf } from "../broker-recipe.ts";
import type { CallOptions } from "../call-options.ts";
import type { EnqueueItem, EnqueueOutcome } from "../enqueue-facet.ts";
import type { ArchiveLimits, ForwardAnswer, ForwardOptions, SweepAnswer } from "../maintain-facet.ts";
import type { HeardSignal, Signal } from "../signal-facet.ts";
import type {
  ClaimRequest,
  ClaimResult,
  Lease,
  SetAside,
  SettleAnswer,
  Settlement,
  TakenOverTask,
  TakeOverRequest,
} from "../work-facet.ts";
import { WriteTally } from "../write-tally.ts";
import { RedisChange } from "./change.ts";
import { RedisControl } from "./control.ts";
import { type Durability, durabilityOf } from "./durability.ts";
import { RedisEnqueue } from "./enqueue.ts";
import { RedisGroups } from "./groups.ts";
import { RedisInspect } from "./inspect.ts";
import { RedisMaintain } from "./maintain.ts";
import { RedisPresence } from "./presence.ts";
import { RedisReconcile } from "./reconcile.ts";
import type { RedisContext } from "./redis-context.ts";
import type { RedisOptions } from "./redis-options.ts";
import { runCommand } from "./run-script.ts";
import { RedisSchedule } from "./schedule.ts";
import { RedisSignals } from "./signals.ts";
import { Waiting } from "./waiting.ts";
import type { Link } from "./wire/link.ts";
import { type Links, openLinks } from "./wire/links.ts";
import { RedisWork } from "./work.ts";
import { probeWrites } from "./write-probe.ts";

/** Asynq's Redis layout, shared with Go programs. Each facet is a class of its own; this one owns the connections. */
class RedisBroker implements Broker {
  readonly pacing = "apart";
  readonly recipe: BrokerRecipe;
  readonly #links: Links;
  readonly #connection: Link;
  readonly #durability: Durability | undefined;
  readonly #waiting: Waiting;
  readonly #enqueue: RedisEnqueue;
  readonly #work: RedisWork;
  readonly #maintain: RedisMaintain;
  readonly #groups: RedisGroups;
  readonly #inspect: RedisInspect;
  readonly #change: RedisChange;
  readonly #presence: RedisPresence;
  readonly #control: RedisControl;
  readonly #schedule: RedisSchedule;
  readonly #reconcile: RedisReconcile;
  readonly #signals: RedisSignals;
  readonly #writes: WriteTally;

  constructor(options: RedisOptions) {
    this.recipe = recipeOf("hikyaku/redis", "redisBroker", options);
    this.#links = openLinks(options);
    this.#connection = this.#links.command();
    this.#durability = durabilityOf(options, () => this.#links.command());
    const context: RedisContext = {
      connection: this.#connection,
      clock: options.clock ?? systemClock,
      durability: this.#durability,
    };
    this.#waiting = new Waiting(this.#links);
    this.#enqueue = new RedisEnqueue(context);
    this.#work = new RedisWork(context, this.#waiting);
    this.#maintain = new RedisMaintain(context);
    this.#groups = new RedisGroups(context);
    this.#inspect = new RedisInspect(context);
    this.#change = new RedisChange(context, (queue) => this.#enqueue.forget(queue));
    this.#presence = new RedisPresence(context);
    this.#control = new RedisControl(context);
    this.#schedule = new RedisSchedule(context);
    this.#reconcile = new RedisReconcile(context, this);
    this.#signals = new RedisSignals(context, this.#links);
    this.#writes = new WriteTally(context.clock);
    this.#connection.open();
  }

  get location(): string {
    return this.#connection.location;
  }

  async ready(call?: CallOptions): Promise<void> {
    const holders = await this.#connection.holders(call);
    await Promise.all(holders.map((holder) => runCommand(holder, ["PING"], call)));
  }

  reachability(): Reachability {
    return this.#connection.reachability;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    return this.#connection.onReachability(listener);
  }

  async close(): Promise<void> {
    this.#waiting.close();
    this.#signals.close();
    this.#durability?.close();
    this.#connection.close();
    this.#links.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  enqueue(items: readonly EnqueueItem[], call?: CallOptions): Promise<readonly EnqueueOutcome[]> {
    return this.#writes.enqueue(this.#enqueue.enqueue(items, call));
  }

  claim(request: ClaimRequest, call?: CallOptions): Promise<ClaimResult> {
    return this.#writes.claim(this.#work.claim(request, call));
  }

  settle(settlements: readonly Settlement[], thenClaim?: ClaimRequest, call?: CallOptions): Promise<SettleAnswer> {
    return this.#writes.settle(this.#work.settle(settlements, thenClaim, call));
  }

  extend(leases: readonly Lease[], until: number, call?: CallOptions): Promise<readonly ("held" | "lost")[]> {
    return this.#writes.extend(this.#work.extend(leases, until, call));
  }

  takeOver(
    request: TakeOverRequest,
    call?: CallOptions,
  ): Promise<{ tasks: readonly TakenOverTask[]; setAside: readonly SetAside[] }> {
    return this.#work.takeOver(request, call);
  }

  takeBack: Broker["takeBack"] = (...args) => this.#work.takeBack(...args);

  beginAlone: Broker["beginAlone"] = (...args) => this.#work.beginAlone(...args);

  waitForWork(queues: readonly string[], call: CallOptions): Promise<void> {
    return this.#work.waitForWork(queues, call);
  }

  writeResult(lease: Lease, result: Uint8Array, call?: CallOptions): Promise<"written" | "lost"> {
    return this.#work.writeResult(lease, result, call);
  }

  forwardDue(queue: string, limit: number, call?: CallOptions, options?: ForwardOptions): Promise<ForwardAnswer> {
    return this.#maintain.forwardDue(queue, limit, call, options);
  }

  sweep(queue: string, limit: number, archive: ArchiveLimits, call?: CallOptions): Promise<SweepAnswer> {
    return this.#maintain.sweep(queue, limit, archive, call);
  }

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
  checkSettings: Broker["checkSettings"] = (...args) => this.#reconcile.checkSettings(...args);

  storeTime: Broker["storeTime"] = (...args) => this.#presence.storeTime(...args);

  writeHealth: Broker["writeHealth"] = () => this.#writes.health;
  probeWrites: Broker["probeWrites"] = (queues, call) => probeWrites(this.#connection, queues, call);

  send(signal: Signal, call?: CallOptions): Promise<void> {
    return this.#signals.send(signal, call);
  }

  listen(handler: (signal: HeardSignal) => void): () => void {
    return this.#signals.listen(handler);
  }
}

/**
 * A broker on one Redis server, 6.2 or newer, in the layout of Asynq.
 * @throws HikyakuError `invalid_option` for an address that can't be read. Being unreachable is no error here: the broker
 *   connects in the background.
 */
export function redisBroker(options: RedisOptions = {}): Broker {
  return new RedisBroker(options);
}
