import { systemClock } from "../../runtime/clock.ts";
import type { Broker, Reachability } from "../broker.ts";
import { type BrokerRecipe, recipeOf } from "../broker-recipe.ts";
import type { CallOptions } from "../call-options.ts";
import { EventOutbox } from "../event-outbox.ts";
import { HeardCalls } from "../heard-calls.ts";
import { joinFacets } from "../join-facets.ts";
import { ToldCalls } from "../told-calls.ts";
import { WriteTally } from "../write-tally.ts";
import { RedisChange } from "./change.ts";
import { RedisControl } from "./control.ts";
import { type Durability, durabilityOf } from "./durability.ts";
import { RedisEnqueue } from "./enqueue.ts";
import { RedisEvents } from "./events.ts";
import { RedisGroups } from "./groups.ts";
import { RedisInspect } from "./inspect.ts";
import { RedisMaintain } from "./maintain.ts";
import { RedisPolicy } from "./policy.ts";
import { RedisPresence } from "./presence.ts";
import { RedisReconcile } from "./reconcile.ts";
import { RedisRecords } from "./records.ts";
import type { RedisOptions } from "./redis-options.ts";
import { RedisReport } from "./report.ts";
import { runCommand } from "./run-script.ts";
import { RedisSchedule } from "./schedule.ts";
import { RedisSignals } from "./signals.ts";
import { RedisStatistics } from "./statistics.ts";
import { RedisTrails } from "./trails.ts";
import { Waiting } from "./waiting.ts";
import type { Link } from "./wire/link.ts";
import { type Links, openLinks } from "./wire/links.ts";
import { RedisWork } from "./work.ts";
import { probeWrites } from "./write-probe.ts";

interface Parts {
  readonly recipe: BrokerRecipe;
  readonly links: Links;
  readonly connection: Link;
  readonly durability: Durability | undefined;
  readonly waiting: Waiting;
  readonly signals: RedisSignals;
  readonly outbox: EventOutbox;
}

/** What a broker is apart from its facets: its location, its reachability, and the end of all its connections. */
class RedisStore {
  readonly pacing = "apart";
  readonly recipe: BrokerRecipe;
  readonly #parts: Parts;
  readonly #connection: Link;

  constructor(parts: Parts) {
    this.recipe = parts.recipe;
    this.#parts = parts;
    this.#connection = parts.connection;
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

  probeWrites(queues: readonly string[], call?: CallOptions): Promise<void> {
    return probeWrites(this.#connection, queues, call);
  }

  async close(): Promise<void> {
    const { outbox, waiting, signals, durability, connection, links } = this.#parts;
    await outbox.close();
    waiting.close();
    signals.close();
    durability?.close();
    connection.close();
    links.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * A broker on one Redis server, 6.2 or newer, in the layout of Asynq. It connects in the background, so an unreachable
 * server is no error here.
 * @throws HikyakuError `invalid_option` for an address that can't be read.
 */
export function redisBroker(options: RedisOptions = {}): Broker {
  const recipe = recipeOf("hikyaku/redis", "redisBroker", options);
  const links = openLinks(options);
  const connection = links.command();
  const durability = durabilityOf(options, () => links.command());
  const context = { connection, clock: options.clock ?? systemClock, durability };
  const waiting = new Waiting(links);
  const signals = new RedisSignals(context, links);
  const enqueue = new RedisEnqueue(context);
  const maintain = new RedisMaintain(context);
  const groups = new RedisGroups(context);
  const work = new RedisWork(context, waiting);
  const presence = new RedisPresence(context);
  const control = new RedisControl(context);
  const events = new RedisEvents(context);
  const outbox = new EventOutbox(context.clock, events);
  const store = new RedisStore({ recipe, links, connection, durability, waiting, signals, outbox });
  const schedule = new RedisSchedule(context);
  const heard = new HeardCalls(joinFacets({}, enqueue, work, groups, schedule), store);
  const heardAll = joinFacets({}, heard, presence, control, signals, events);
  const told = new ToldCalls(heardAll, outbox, context.clock);
  const watched = new WriteTally(context.clock, joinFacets({}, told, heard, work));
  connection.open();
  return joinFacets(
    store,
    watched,
    told,
    heard,
    enqueue,
    work,
    maintain,
    groups,
    presence,
    signals,
    new RedisChange(context, (queue) => enqueue.forget(queue)),
    control,
    new RedisInspect(context),
    new RedisPolicy(context),
    new RedisReport(context),
    new RedisReconcile(context, joinFacets({}, maintain, groups)),
    new RedisRecords(context),
    new RedisTrails(context),
    schedule,
    new RedisStatistics(context),
  );
}
