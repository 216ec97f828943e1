import { errorText, HikyakuError } from "../../../errors.ts";
import { type Clock, sleep, systemClock, type Timer } from "../../../runtime/clock.ts";
import type { Reachability } from "../../broker.ts";
import { type CallOptions, checkCallOptions } from "../../call-options.ts";
import { ReachabilityNews } from "../../reachability-news.ts";
import { CallDeadlines } from "./call-deadlines.ts";
import type { Argument, Link, RedisRefusal, Reply } from "./link.ts";
import { type CallHost, type CallLimits, cancelled, PendingCall } from "./pending-call.ts";
import { type ConnectionSettings, type Place, shownPlace } from "./place.ts";
import type { Route } from "./route.ts";
import { countedFromNow } from "./time-left.ts";
import { NeverSent, Wire } from "./wire.ts";

/** `command`: for calls. `blocking`: for one call at a time, which may wait. `listening`: for subscriptions. */
export type ConnectionKind = "command" | "blocking" | "listening";

/**
 * An idle connection notices within three times this that its server is gone. A blocking call has a deadline of its
 * own.
 */
const silenceMs = 10_000;

/** The reason for "not reachable" while the first attempt to connect goes on. */
export const notConnectedYet = "not connected yet";

/**
 * One connection to Redis that looks after itself. It connects again, with jitter, as long as it is open. It refuses
 * calls at once while it is cut off. It gives every call a deadline. Its route says before each attempt where to go.
 * Each attempt has a wire of its own.
 *
 * A server that freezes leaves the wire open and says nothing. So when the server says nothing for the connection's own
 * time limit while a call is unanswered, the wire is given up and a new one is opened. A caller that gives up sooner
 * gives up its own call only: others share the wire.
 */
export class Connection implements Link {
  readonly #settings: ConnectionSettings;
  readonly #kind: ConnectionKind;
  readonly #route: Route;
  readonly #subscriptions = new Map<string, (message: Buffer) => void>();
  #onListening: (() => void) | undefined;
  /** Deadlines are real time, even when a test moves the clock that stamps tasks. */
  readonly #timers: Clock = systemClock;
  readonly #usualLimits: CallLimits;
  /** Set only while the server may be used. */
  #wire: Wire | undefined;
  /** The wire of the attempt under way. */
  #candidate: Wire | undefined;
  #attempts = 0;
  #failures = 0;
  /** How many connections in a row ended soon because the server refused a command. */
  #refusals = 0;
  #reachedAt = 0;
  #pause: Timer | undefined;
  readonly #news: ReachabilityNews;
  #firstAttempt: Promise<void> | undefined;
  #closed = false;
  /** What the calls of all wires share. */
  readonly #calls: CallHost = {
    deadlines: new CallDeadlines(),
    location: () => this.location,
    silent: (wire, silentMs) => this.#silent(wire, silentMs),
    refused: (refusal, wire) => this.#refused(refusal, wire),
    explained: (error) => this.#explained(error),
  };

  constructor(settings: ConnectionSettings, kind: ConnectionKind, route: Route) {
    this.#settings = settings;
    this.#kind = kind;
    this.#route = route;
    this.#usualLimits = this.#limitsOf({ timeoutMs: settings.commandTimeoutMs });
    this.#news = new ReachabilityNews(settings.clock, notConnectedYet);
  }

  get location(): string {
    return this.#route.location;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get reachability(): Reachability {
    return this.#news.latest;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    return this.#news.listen(listener);
  }

  open(): void {
    if (this.#firstAttempt !== undefined || this.#closed) return;
    this.#firstAttempt = new Promise((resolve) => {
      const stop = this.onReachability(() => {
        stop();
        resolve();
      });
      void this.#connect();
    });
  }

  call(args: readonly Argument[], call: CallOptions = {}): Promise<Reply> {
    if (call.signal?.aborted === true) return Promise.reject(cancelled(call.signal, "before the call was sent"));
    if (this.#wire?.isReady === true) return this.#send(this.#wire, args, call);
    return this.#onceReady(call).then(({ wire, left }) => this.#send(wire, args, left));
  }

  async callInTurn(
    commands: readonly (readonly Argument[])[],
    call: CallOptions = {},
  ): Promise<readonly PromiseSettledResult<Reply>[]> {
    if (call.signal?.aborted === true) throw cancelled(call.signal, "before the call was sent");
    const { wire, left } = await this.#onceReady(call);
    return Promise.allSettled(commands.map((args) => this.#send(wire, args, left)));
  }

  async transact(_key: string, commands: Buffer, count: number, call: CallOptions = {}): Promise<Reply> {
    if (call.signal?.aborted === true) throw cancelled(call.signal, "before the call was sent");
    const { wire, left } = await this.#onceReady(call);
    return this.#answered(wire, left, (answer) => wire.sendTransaction(commands, count, answer));
  }

  holderOf(_key: string): Promise<Link> {
    return Promise.resolve(this);
  }

  holders(): Promise<readonly Link[]> {
    return Promise.resolve([this]);
  }

  /** Calls back for each message of the channel, also after reconnecting, until the connection is closed. */
  subscribe(channel: string, handler: (message: Buffer) => void): void {
    this.#subscriptions.set(channel, handler);
    if (this.#wire?.isReady === true) void this.#resubscribe(this.#wire, channel, handler);
    else this.open();
  }

  /** Calls back whenever all channels are listened to, also after reconnecting. Earlier messages were not heard. */
  onListening(listener: () => void): void {
    this.#onListening = listener;
  }

  /**
   * Leaves the server that it uses or tries, and asks its route again. Does nothing when that server is at the place.
   */
  goTo(place: Place): void {
    const at = (this.#wire ?? this.#candidate)?.place;
    if (this.#closed || at === undefined || (at.host === place.host && at.port === place.port)) return;
    this.#letGo(`the data is at ${shownPlace(place)} now`);
    void this.#connect();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pause?.cancel();
    this.#candidate?.destroy();
    this.#wire?.destroy();
    this.#calls.deadlines.close();
    this.#news.set(false, "closed");
    this.#news.close();
  }

  /** Makes one attempt. When it fails, there is a pause and then another attempt. */
  async #connect(): Promise<void> {
    this.#pause?.cancel();
    this.#attempts += 1;
    const attempt = this.#attempts;
    const isOver = (): boolean => this.#closed || attempt !== this.#attempts;
    let deadline: Timer | undefined;
    try {
      const location = this.#route.locate(this.#failures);
      const place = location instanceof Promise ? await location : location;
      if (isOver()) return;
      const { connectTimeoutMs, commandTimeoutMs, holdMs } = this.#settings;
      const limitMs = connectTimeoutMs + commandTimeoutMs;
      deadline = this.#timers.setTimer(() => {
        if (!isOver()) this.#lost(`${shownPlace(place)} gave no answer to an attempt to connect within ${limitMs} ms`);
      }, limitMs);
      const quietMs = this.#kind === "blocking" ? undefined : silenceMs + holdMs;
      const wire = new Wire(this.#settings, place, quietMs, (error) => {
        const isIts = this.#wire === wire || this.#candidate === wire;
        if (isIts && !this.#closed) this.#lost(reasonOf(error));
      });
      this.#candidate = wire;
      await wire.greet(this.#settings);
      if (this.#route.onlyMaster && !isOver()) await mustBeMaster(wire);
      if (!isOver()) this.#reached(wire);
    } catch (error) {
      if (!isOver()) this.#lost(reasonOf(error));
    } finally {
      deadline?.cancel();
    }
  }

  #reached(wire: Wire): void {
    this.#candidate = undefined;
    this.#wire = wire;
    this.#failures = 0;
    this.#reachedAt = this.#timers.monotonic();
    void this.#resubscribeAll(wire);
    this.#news.set(true, undefined);
  }

  #lost(reason: string): void {
    this.#letGo(reason);
    const { minReconnectDelayMs, maxReconnectDelayMs } = this.#settings;
    const tries = Math.min(Math.max(this.#failures, this.#refusals), 10);
    const delayMs = Math.min(maxReconnectDelayMs, minReconnectDelayMs * 2 ** tries);
    this.#failures += 1;
    this.#pause = this.#timers.setTimer(() => void this.#connect(), delayMs * (0.5 + Math.random() / 2));
  }

  #letGo(reason: string): void {
    const wires = [this.#wire, this.#candidate];
    this.#wire = undefined;
    this.#candidate = undefined;
    this.#attempts += 1;
    this.#pause?.cancel();
    // Later, because answers that came with the refusal may still be handed out.
    setImmediate(() => {
      for (const wire of wires) wire?.destroy();
    });
    this.#news.set(false, reason);
  }

  /** The wire to use, and what the wait for it left of the call's time. */
  async #onceReady(call: CallOptions): Promise<{ readonly wire: Wire; readonly left: CallOptions }> {
    if (this.#wire?.isReady === true) return { wire: this.#wire, left: call };
    checkCallOptions(call);
    const left = countedFromNow(call, this.location);
    const wire = await this.#ready(call);
    return { wire, left: left() };
  }

  /** Waits for the first attempt if it is not over. After it, refuses at once while there is no server. */
  async #ready(call: CallOptions): Promise<Wire> {
    this.open();
    if (this.#firstAttempt !== undefined && this.reachability.reason === notConnectedYet) {
      const waiting = new AbortController();
      const patience = sleep(this.#timers, call.timeoutMs ?? this.#settings.commandTimeoutMs, waiting.signal);
      call.signal?.addEventListener("abort", () => waiting.abort(), { once: true, signal: waiting.signal });
      await Promise.race([this.#firstAttempt, patience]);
      waiting.abort();
    }
    if (this.#closed) throw new HikyakuError("closed", "expected an open broker; this one was closed");
    if (call.signal?.aborted === true) throw cancelled(call.signal, "before the call was sent");
    if (this.#wire?.isReady === true) return this.#wire;
    const reason = this.reachability.reason ?? "connecting";
    throw new HikyakuError("broker_unavailable", `Redis at ${this.location} can't be reached: ${reason}`);
  }

  #send(wire: Wire, args: readonly Argument[], call: CallOptions): Promise<Reply> {
    return this.#answered(wire, call, (answer) => wire.send(args, answer));
  }

  #answered(wire: Wire, call: CallOptions, send: (answer: PendingCall) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const isUsual = call.timeoutMs === undefined && call.signal === undefined;
      const limits = isUsual ? this.#usualLimits : this.#limitsOf(call);
      send(new PendingCall(this.#calls, wire, limits, resolve, reject));
    });
  }

  /** A blocking call has the wire to itself. So it may say how long the server may be silent, others may not. */
  #limitsOf(call: CallOptions): CallLimits {
    checkCallOptions(call);
    const { timeoutMs = this.#settings.commandTimeoutMs, signal } = call;
    const { commandTimeoutMs, holdMs } = this.#settings;
    const atLeastMs = this.#kind === "blocking" ? 0 : commandTimeoutMs + holdMs;
    return { timeoutMs, silenceMs: Math.max(timeoutMs, atLeastMs), signal };
  }

  async #resubscribeAll(wire: Wire): Promise<void> {
    if (this.#subscriptions.size === 0) return;
    await Promise.all([...this.#subscriptions].map(([channel, handler]) => this.#resubscribe(wire, channel, handler)));
    if (this.#wire === wire && !this.#closed) this.#onListening?.();
  }

  async #resubscribe(wire: Wire, channel: string, handler: (message: Buffer) => void): Promise<void> {
    try {
      await wire.subscribe(channel, handler);
    } catch (error) {
      if (this.#wire === wire && !this.#closed) this.#lost(`subscribing failed: ${reasonOf(error)}`);
    }
  }

  /** The server accepted our bytes and says nothing. A new connection finds out sooner whether it is there. */
  #silent(wire: Wire, silentMs: number): void {
    if (this.#wire !== wire || this.#closed) return;
    this.#letGo(`no answer within ${silentMs} ms`);
    void this.#connect();
  }

  #refused(refusal: RedisRefusal, wire: Wire): void {
    if (this.#wire !== wire || this.#closed || !this.#route.refused(refusal, wire.place)) return;
    // A server that accepts connections and refuses every command is no better than one that accepts none.
    const lastedMs = this.#timers.monotonic() - this.#reachedAt;
    this.#refusals = lastedMs > 2 * this.#settings.maxReconnectDelayMs ? 0 : this.#refusals + 1;
    this.#lost(`${shownPlace(wire.place)} answered: ${refusal.message}`);
  }

  #explained(error: Error): HikyakuError {
    if (this.#closed)
      return new HikyakuError(
        "closed",
        "the broker was closed while the call was under way, which may have been carried out",
      );
    if (error instanceof NeverSent) {
      return new HikyakuError(
        "broker_unavailable",
        `the connection to Redis at ${this.location} was lost before the call was sent: ${reasonOf(error)}`,
        { cause: error },
      );
    }
    return new HikyakuError(
      "answer_lost",
      `the connection to Redis at ${this.location} was lost during the call, which may have been carried out: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

async function mustBeMaster(wire: Wire): Promise<void> {
  const role = await wire.ask(["ROLE"]);
  const word = Array.isArray(role) ? String(role[0]) : String(role);
  if (word !== "master") throw new Error(`expected a master at ${shownPlace(wire.place)}, found one that is ${word}`);
}

/** Some connection errors have no text of their own, only the errors of each address that was tried. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(errorText).join(", ");
  return errorText(error);
}
