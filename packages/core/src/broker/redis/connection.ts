import { isIP } from "node:net";
import { createClient, ErrorReply, RESP_TYPES } from "redis";
import { type Clock, sleep, systemClock, type Timer } from "../../clock.ts";
import { errorText, HikyakuError } from "../../errors.ts";
import type { Reachability } from "../broker.ts";
import type { CallOptions } from "../call-options.ts";
import { type Argument, type Link, RedisRefusal, type Reply } from "./link.ts";
import { type ConnectionSettings, type Place, shownPlace } from "./place.ts";
import type { Route } from "./route.ts";

/** `command`: for calls. `blocking`: for one call at a time that may wait. `listening`: for subscriptions. */
export type ConnectionKind = "command" | "blocking" | "listening";

/** How much later than its time a timer may fire before it says something about the event loop. */
const lateTimerMs = 100;

/** Why a connection is not there whose first attempt is not over. */
export const notConnectedYet = "not connected yet";

type Client = ReturnType<typeof makeClient>;

const binaryReplies = {
  typeMapping: {
    [RESP_TYPES.BLOB_STRING]: Buffer,
    [RESP_TYPES.SIMPLE_STRING]: Buffer,
    [RESP_TYPES.VERBATIM_STRING]: Buffer,
  },
  // Every call has a deadline of its own here. The library's costs a signal and a timer a command, which all fire later.
  timeout: 0,
} as const;

/**
 * One connection to Redis that looks after itself: it connects again with jitter for as long as it is open, refuses
 * calls at once while it is cut off, and gives every call a deadline. Its route says before each attempt where to go.
 * The only place that knows the client library.
 *
 * The library keeps a command that was already written waiting for ever when the server freezes. So a call that runs out
 * of time here, with nothing heard from the server since it was sent, gives the whole connection up and makes a new one.
 * Each attempt is a client of its own, since the library's own attempts all go to one address.
 */
export class Connection implements Link {
  readonly #settings: ConnectionSettings;
  readonly #kind: ConnectionKind;
  readonly #route: Route;
  readonly #listeners = new Set<(reachability: Reachability) => void>();
  readonly #subscriptions = new Map<string, (message: Buffer) => void>();
  #onListening: (() => void) | undefined;
  /** Deadlines are real time, also where a test moves the clock that tasks are stamped with. */
  readonly #timers: Clock = systemClock;
  /** Set only while the server is one that may be used. */
  #client: Client | undefined;
  /** The one of the attempt under way. */
  #candidate: Client | undefined;
  /** Where the client or candidate goes. */
  #place: Place | undefined;
  #attempts = 0;
  #failures = 0;
  #pause: Timer | undefined;
  #reachability: Reachability;
  #firstAttempt: Promise<void> | undefined;
  #lastHeard = 0;
  #closed = false;

  constructor(settings: ConnectionSettings, kind: ConnectionKind, route: Route) {
    this.#settings = settings;
    this.#kind = kind;
    this.#route = route;
    this.#reachability = { reachable: false, since: settings.clock.now(), reason: notConnectedYet };
  }

  get location(): string {
    return this.#route.location;
  }

  get reachability(): Reachability {
    return this.#reachability;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
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
    if (this.#client?.isReady === true) return this.#send(this.#client, args, call);
    return this.#ready(call).then((client) => this.#send(client, args, call));
  }

  async callInTurn(
    commands: readonly (readonly Argument[])[],
    call: CallOptions = {},
  ): Promise<readonly PromiseSettledResult<Reply>[]> {
    const client = this.#client?.isReady === true ? this.#client : await this.#ready(call);
    return Promise.allSettled(commands.map((args) => this.#send(client, args, call)));
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
    if (this.#client?.isReady === true) void this.#resubscribe(this.#client, channel, handler);
    else this.open();
  }

  /** Calls back whenever all channels are listened to, also after reconnecting: what was said before was not heard. */
  onListening(listener: () => void): void {
    this.#onListening = listener;
  }

  /** Leaves the server that it uses or tries, unless that is the one at the place. Else it asks its route in any case. */
  goTo(place: Place): void {
    const at = this.#place;
    if (this.#closed || at === undefined || (at.host === place.host && at.port === place.port)) return;
    this.#letGo(`the data is at ${shownPlace(place)} now`);
    void this.#connect();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pause?.cancel();
    this.#candidate?.destroy();
    this.#client?.destroy();
    this.#change(false, "closed");
    this.#listeners.clear();
  }

  /** One attempt. When it fails there is a pause, then another. */
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
      this.#place = place;
      // The library's own limit ends when bytes can be sent; it waits for ever for the answers to its greeting.
      const limitMs = this.#settings.connectTimeoutMs + this.#settings.commandTimeoutMs;
      deadline = this.#timers.setTimer(() => {
        if (!isOver()) this.#lost(`${shownPlace(place)} gave no answer to an attempt to connect within ${limitMs} ms`);
      }, limitMs);
      const client = makeClient(this.#settings, place, this.#kind);
      this.#candidate = client;
      client.on("error", (error: unknown) => {
        const isIts = this.#client === client || this.#candidate === client;
        if (isIts && !client.isReady && !this.#closed) this.#lost(reasonOf(error));
      });
      // The library forgets a socket that is still being opened when it is told to destroy its client, and goes on with it.
      client.on("connect", () => {
        if (isOver()) client.destroy();
      });
      await client.connect();
      if (this.#route.onlyMaster && !isOver()) await this.#mustBeMaster(client, place);
      if (!isOver()) this.#reached(client);
    } catch (error) {
      if (!isOver()) this.#lost(reasonOf(error));
    } finally {
      deadline?.cancel();
    }
  }

  async #mustBeMaster(client: Client, place: Place): Promise<void> {
    const role = await client.sendCommand<Reply>(["ROLE"], binaryReplies);
    const word = Array.isArray(role) ? String(role[0]) : String(role);
    if (word !== "master") throw new Error(`expected a master at ${shownPlace(place)}, found one that is ${word}`);
  }

  #reached(client: Client): void {
    this.#candidate = undefined;
    this.#client = client;
    this.#failures = 0;
    this.#lastHeard = this.#timers.monotonic();
    void this.#resubscribeAll(client);
    this.#change(true, undefined);
  }

  #lost(reason: string): void {
    this.#letGo(reason);
    const { minReconnectDelayMs, maxReconnectDelayMs } = this.#settings;
    const delayMs = Math.min(maxReconnectDelayMs, minReconnectDelayMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#pause = this.#timers.setTimer(() => void this.#connect(), delayMs * (0.5 + Math.random() / 2));
  }

  #letGo(reason: string): void {
    const clients = [this.#client, this.#candidate];
    this.#client = undefined;
    this.#candidate = undefined;
    this.#place = undefined;
    this.#attempts += 1;
    this.#pause?.cancel();
    // The library may be in the middle of telling why, or of handing out answers that came with the one that told.
    setImmediate(() => {
      for (const client of clients) client?.destroy();
    });
    this.#change(false, reason);
  }

  /** Waits for the first attempt if need be, and refuses at once from then on while there is no server. */
  async #ready(call: CallOptions): Promise<Client> {
    this.open();
    if (this.#firstAttempt !== undefined && this.#reachability.reason === notConnectedYet) {
      const waiting = new AbortController();
      const patience = sleep(this.#timers, call.timeoutMs ?? this.#settings.commandTimeoutMs, waiting.signal);
      call.signal?.addEventListener("abort", () => waiting.abort(), { once: true, signal: waiting.signal });
      await Promise.race([this.#firstAttempt, patience]);
      waiting.abort();
    }
    if (this.#closed) throw new HikyakuError("closed", "expected an open broker; this one was closed");
    if (call.signal?.aborted === true) throw cancelled(call.signal, "before the call was sent");
    if (this.#client?.isReady === true) return this.#client;
    const reason = this.#reachability.reason ?? "connecting";
    throw new HikyakuError("broker_unavailable", `Redis at ${this.location} can't be reached: ${reason}`);
  }

  #send(client: Client, args: readonly Argument[], call: CallOptions): Promise<Reply> {
    const timeoutMs = call.timeoutMs ?? this.#settings.commandTimeoutMs;
    const sentAt = this.#timers.monotonic();
    return new Promise((resolve, reject) => {
      let waitedOn = false;
      const onTimeOver = (): void => {
        // A timer this late means that the event loop was blocked: the answer may be there and only wait to be read.
        if (!waitedOn && this.#timers.monotonic() - sentAt > timeoutMs + lateTimerMs) {
          waitedOn = true;
          timer = this.#timers.setTimer(onTimeOver, lateTimerMs);
          return;
        }
        settle();
        if (this.#lastHeard < sentAt) this.#giveUp(client, `no answer within ${timeoutMs} ms`);
        reject(
          new HikyakuError(
            "deadline_exceeded",
            `Redis at ${this.location} gave no answer within ${timeoutMs} ms; the call may have been carried out`,
          ),
        );
      };
      let timer = this.#timers.setTimer(onTimeOver, timeoutMs);
      const { signal } = call;
      const onAbort = (): void => {
        settle();
        reject(cancelled(signal, "after the call was sent; it may have been carried out"));
      };
      const settle = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      client.sendCommand<Reply>(args, binaryReplies).then(
        (reply) => {
          this.#lastHeard = this.#timers.monotonic();
          settle();
          resolve(reply);
        },
        (error: unknown) => {
          settle();
          reject(this.#translate(error, client));
        },
      );
    });
  }

  /** The server accepted our bytes and says nothing: a new connection finds out sooner whether it is there. */
  #giveUp(client: Client, reason: string): void {
    if (this.#client !== client || this.#closed) return;
    this.#letGo(reason);
    void this.#connect();
  }

  async #resubscribeAll(client: Client): Promise<void> {
    if (this.#subscriptions.size === 0) return;
    await Promise.all(
      [...this.#subscriptions].map(([channel, handler]) => this.#resubscribe(client, channel, handler)),
    );
    if (this.#client === client && !this.#closed) this.#onListening?.();
  }

  async #resubscribe(client: Client, channel: string, handler: (message: Buffer) => void): Promise<void> {
    try {
      await client.subscribe(channel, handler, true);
    } catch (error) {
      if (this.#client === client && !this.#closed) this.#lost(`subscribing failed: ${reasonOf(error)}`);
    }
  }

  #translate(error: unknown, client: Client): Error {
    if (error instanceof ErrorReply) {
      this.#lastHeard = this.#timers.monotonic();
      const refusal = new RedisRefusal(error.message, { cause: error });
      const place = this.#place;
      if (this.#client === client && !this.#closed && place !== undefined && this.#route.refused(refusal, place)) {
        this.#lost(`${shownPlace(place)} answered: ${error.message}`);
      }
      return refusal;
    }
    if (this.#closed) return new HikyakuError("closed", "the broker was closed while the call was under way");
    return new HikyakuError(
      "answer_lost",
      `the connection to Redis at ${this.location} was lost during the call, which may have been carried out: ${reasonOf(error)}`,
      { cause: error },
    );
  }

  #change(reachable: boolean, reason: string | undefined): void {
    const before = this.#reachability;
    if (before.reachable === reachable && before.reason === reason) return;
    const since = before.reachable === reachable ? before.since : this.#settings.clock.now();
    this.#reachability = { reachable, since, reason };
    for (const listener of [...this.#listeners]) listener(this.#reachability);
  }
}

function cancelled(signal: AbortSignal | undefined, when: string): HikyakuError {
  return new HikyakuError("cancelled", `the caller gave up ${when}`, { cause: signal?.reason });
}

/** Some connection errors carry no text of their own, only those of each address that was tried. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(errorText).join(", ");
  return errorText(error);
}

/**
 * The library builds a class of some thousand commands for each new set of options, which takes longer than a batch of
 * work. Duplicates share the class of this one, which never connects.
 */
let template: ReturnType<typeof createClient> | undefined;

function makeClient(settings: ConnectionSettings, place: Place, kind: ConnectionKind) {
  const { tls, username, password } = settings;
  const timing = {
    host: place.host,
    port: place.port,
    connectTimeout: settings.connectTimeoutMs,
    reconnectStrategy: false,
    // A blocking call is silent for as long as it waits; its own deadline finds a dead server.
    ...(kind === "blocking" ? {} : { socketTimeout: 25_000 }),
  } as const;
  template ??= createClient({ disableClientInfo: true });
  return template.duplicate({
    socket:
      tls === undefined
        ? timing
        : {
            ...timing,
            tls: true,
            // An address is no server name; the certificate is checked against the host then.
            ...(tls.serverName === undefined && isIP(place.host) !== 0
              ? {}
              : { servername: tls.serverName ?? place.host }),
            rejectUnauthorized: tls.verify ?? true,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
          },
    database: settings.db,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    ...(kind === "blocking" ? {} : { pingInterval: 10_000 }),
    ...(username === undefined || username === "" ? {} : { username }),
    ...(password === undefined || password === "" ? {} : { password }),
  });
}
