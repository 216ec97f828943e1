import { errorText, HikyakuError, isHikyakuError } from "../../../errors.ts";
import { sleep, systemClock } from "../../../runtime/clock.ts";
import type { Reachability } from "../../broker.ts";
import { type CallOptions, checkCallOptions } from "../../call-options.ts";
import { ReachabilityNews } from "../../reachability-news.ts";
import type { ClusterTopology } from "./cluster-topology.ts";
import { Connection, notConnectedYet } from "./connection.ts";
import { firstKey, keySlot } from "./key-slot.ts";
import { type Argument, type Link, RedisRefusal, type Reply } from "./link.ts";
import { type ConnectionSettings, type Place, shownPlace } from "./place.ts";
import { fixedRoute } from "./route.ts";
import { countedFromNow } from "./time-left.ts";

/** How many redirections one call follows. */
const mostRedirections = 5;

/**
 * Calls to a cluster, with one connection to each master. Each call goes to the master that holds its key. When a node
 * says that the key has moved, the call follows. While a master is away, only the calls for its queues are refused, and
 * the nodes are asked who took over.
 */
export class ClusterLink implements Link {
  readonly #settings: ConnectionSettings;
  readonly #topology: ClusterTopology;
  readonly #nodes = new Map<string, Connection>();
  readonly #closing = new AbortController();
  readonly #news: ReachabilityNews;
  #opened: Promise<void> | undefined;
  #isWatching = false;

  constructor(settings: ConnectionSettings, topology: ClusterTopology) {
    this.#settings = settings;
    this.#topology = topology;
    this.#news = new ReachabilityNews(settings.clock, notConnectedYet);
    topology.onChange(() => this.#fit());
  }

  get location(): string {
    return this.#topology.location;
  }

  get reachability(): Reachability {
    return this.#news.latest;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    return this.#news.listen(listener);
  }

  open(): void {
    if (this.#opened !== undefined || this.#isClosed()) return;
    this.#opened = this.#firstLook();
  }

  async call(args: readonly Argument[], call: CallOptions = {}): Promise<Reply> {
    const left = countedFromNow(call, this.location);
    const node = this.#nodeFor(args) ?? (await this.#nodeOnceOpen(args, call));
    try {
      return await node.call(args, left());
    } catch (error) {
      const redirection = this.#redirectionOf(error, node);
      if (redirection === undefined) throw this.#told(error);
      const [settled] = await this.#follow(redirection, [args], left, 1);
      if (settled === undefined) throw error;
      if (settled.status === "rejected") throw this.#told(settled.reason);
      return settled.value;
    }
  }

  async callInTurn(
    commands: readonly (readonly Argument[])[],
    call: CallOptions = {},
  ): Promise<readonly PromiseSettledResult<Reply>[]> {
    const args = commands[0] ?? [];
    const left = countedFromNow(call, this.location);
    const node = this.#nodeFor(args) ?? (await this.#nodeOnceOpen(args, call));
    const settled = await node.callInTurn(commands, left());
    const redirection = this.#redirectionIn(settled, node);
    return redirection === undefined ? settled : this.#follow(redirection, commands, left, 1);
  }

  /** A transaction that must go elsewhere is refused whole. Calls find out where the slot is now. */
  async transact(key: string, commands: Buffer, count: number, call: CallOptions = {}): Promise<Reply> {
    const args = ["EXISTS", key];
    const left = countedFromNow(call, this.location);
    const node = this.#nodeFor(args) ?? (await this.#nodeOnceOpen(args, call));
    try {
      return await node.transact(key, commands, count, left());
    } catch (error) {
      throw this.#told(error);
    }
  }

  async holderOf(key: string, call: CallOptions = {}): Promise<Link> {
    const args = ["EXISTS", key];
    return this.#nodeFor(args) ?? (await this.#nodeOnceOpen(args, call));
  }

  async holders(call: CallOptions = {}): Promise<readonly Link[]> {
    if (this.#topology.masters.length === 0) await this.#nodeOnceOpen(["PING"], call);
    return this.#topology.masters.map((place) => this.#nodeAt(place));
  }

  close(): void {
    if (this.#isClosed()) return;
    this.#closing.abort();
    for (const node of this.#nodes.values()) node.close();
    this.#news.set(false, "closed");
    this.#news.close();
  }

  #nodeFor(args: readonly Argument[]): Connection | undefined {
    const key = firstKey(args);
    const place = key === undefined ? this.#someMaster() : this.#topology.ownerOf(keySlot(key));
    return place === undefined ? undefined : this.#nodeAt(place);
  }

  /** The first master that is there. It stays the same while it lasts, so one clock tells the time. */
  #someMaster(): Place | undefined {
    const { masters } = this.#topology;
    return masters.find((place) => this.#nodes.get(shownPlace(place))?.reachability.reachable === true) ?? masters[0];
  }

  #nodeAt(place: Place): Connection {
    const name = shownPlace(place);
    let node = this.#nodes.get(name);
    if (node === undefined) {
      const location = `${this.location}, node ${name}`;
      node = new Connection(this.#settings, "command", fixedRoute(place, location));
      this.#nodes.set(name, node);
      node.onReachability(() => this.#look());
      if (this.#isClosed()) node.close();
      else node.open();
    }
    return node;
  }

  /** Waits for the first look at the cluster if it is not over. After it, refuses at once. */
  async #nodeOnceOpen(args: readonly Argument[], call: CallOptions): Promise<Connection> {
    checkCallOptions(call);
    this.open();
    const waiting = new AbortController();
    const patience = sleep(systemClock, call.timeoutMs ?? this.#settings.commandTimeoutMs, waiting.signal);
    call.signal?.addEventListener("abort", () => waiting.abort(), { once: true, signal: waiting.signal });
    await Promise.race([this.#opened, patience]);
    waiting.abort();
    if (this.#isClosed()) throw new HikyakuError("closed", "expected an open broker; this one was closed");
    if (call.signal?.aborted === true) {
      const cause = call.signal.reason;
      throw new HikyakuError("cancelled", "the caller gave up before the call was sent", { cause });
    }
    const node = this.#nodeFor(args);
    if (node !== undefined) return node;
    const reason = this.reachability.reason ?? "nobody holds this slot";
    throw new HikyakuError("broker_unavailable", `the cluster ${this.location} can't serve this key: ${reason}`);
  }

  #redirectionIn(settled: readonly PromiseSettledResult<Reply>[], node: Connection): Redirection | undefined {
    const [first] = settled;
    return first?.status === "rejected" ? this.#redirectionOf(first.reason, node) : undefined;
  }

  #redirectionOf(error: unknown, node: Connection): Redirection | undefined {
    if (!(error instanceof RedisRefusal)) return undefined;
    const [, word, slot, host, port] = /^(MOVED|ASK) (\d+) (.*):(\d+)/.exec(error.message) ?? [];
    if (word === undefined) {
      if (error.word === "CLUSTERDOWN" || error.word === "READONLY") this.#lookAgain();
      return undefined;
    }
    const place = { host: host === "" || host === undefined ? this.#hostOf(node) : host, port: Number(port) };
    if (word === "MOVED") this.#topology.moved(Number(slot), place);
    return { place, asks: word === "ASK" };
  }

  /** Sends the calls again, to the place that the node named. */
  async #follow(
    { place, asks }: Redirection,
    commands: readonly (readonly Argument[])[],
    left: () => CallOptions,
    times: number,
  ): Promise<readonly PromiseSettledResult<Reply>[]> {
    const node = this.#nodeAt(place);
    const call = left();
    const settled = asks
      ? (await node.callInTurn([["ASKING"], ...commands], call)).slice(1)
      : await node.callInTurn(commands, call);
    const redirection = this.#redirectionIn(settled, node);
    if (redirection === undefined || times >= mostRedirections) return settled;
    return this.#follow(redirection, commands, left, times + 1);
  }

  #hostOf(node: Connection): string {
    for (const place of this.#topology.masters) if (this.#nodes.get(shownPlace(place)) === node) return place.host;
    return "127.0.0.1";
  }

  /** We close a node that lost its slots. Its callers must not be told that they closed anything. */
  #told(error: unknown): unknown {
    if (this.#isClosed() || !isHikyakuError(error, "closed")) return error;
    const text = "the node left the cluster during the call, which may have been carried out";
    return new HikyakuError("answer_lost", text, { cause: error });
  }

  async #firstLook(): Promise<void> {
    try {
      await this.#topology.refresh();
      this.#fit();
      await Promise.all([...this.#nodes.values()].map(firstAttempt));
    } catch (error) {
      this.#news.set(false, errorText(error));
      this.#lookAgain();
    }
  }

  /** Opens one connection to each master and closes all others. */
  #fit(): void {
    if (this.#isClosed() || this.#opened === undefined) return;
    const names = new Set(this.#topology.masters.map(shownPlace));
    for (const place of this.#topology.masters) this.#nodeAt(place);
    for (const [name, node] of this.#nodes) {
      if (names.has(name)) continue;
      this.#nodes.delete(name);
      node.close();
    }
    this.#look();
  }

  #look(): void {
    if (this.#isClosed()) return;
    const { masters } = this.#topology;
    const states = masters.map((place) => ({ place, ...this.#nodes.get(shownPlace(place))?.reachability }));
    if (states.some(({ reason }) => reason === notConnectedYet)) return;
    const away = states.find(({ reachable }) => reachable !== true);
    if (away === undefined) {
      this.#news.set(true, undefined);
      return;
    }
    this.#news.set(false, `node ${shownPlace(away.place)}: ${away.reason ?? "not connected"}`);
    this.#lookAgain();
  }

  /** Asks who took over, with growing pauses, until every known master can be reached. */
  #lookAgain(): void {
    if (this.#isWatching || this.#isClosed()) return;
    this.#isWatching = true;
    void this.#watch().finally(() => {
      this.#isWatching = false;
    });
  }

  async #watch(): Promise<void> {
    const { minReconnectDelayMs, maxReconnectDelayMs } = this.#settings;
    let delayMs = minReconnectDelayMs;
    do {
      await sleep(systemClock, delayMs * (0.5 + Math.random() / 2), this.#closing.signal);
      delayMs = Math.min(maxReconnectDelayMs, delayMs * 2);
      if (this.#isClosed()) return;
      try {
        await this.#topology.refresh();
        this.#fit();
      } catch (error) {
        if (this.#topology.masters.length === 0) this.#news.set(false, errorText(error));
      }
    } while (!this.reachability.reachable);
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }
}

interface Redirection {
  readonly place: Place;
  /** Whether to send `ASKING` first: the slot is still on its way to that node. */
  readonly asks: boolean;
}

/** Resolves as soon as it is known whether the node is there. */
function firstAttempt(node: Connection): Promise<void> {
  if (node.reachability.reachable) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = node.onReachability(() => {
      stop();
      resolve();
    });
  });
}
