import { createClient, ErrorReply, RESP_TYPES } from "redis";
import { type Clock, sleep, systemClock } from "../../clock.ts";
import { errorText, HikyakuError } from "../../errors.ts";
import type { Reachability } from "../broker.ts";
import type { CallOptions } from "../call-options.ts";
import type { RedisOptions } from "./redis-options.ts";

/** What Redis answers to our scripts and commands: text and binary alike come as buffers. */
export type Reply = Buffer | number | null | Reply[];
export type Argument = string | Buffer;

/** A reply of Redis that says no, with its own first word, such as `NOSCRIPT` or `OOM`. */
export class RedisRefusal extends Error {
  override readonly name = "RedisRefusal";
  readonly word: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.word = message.split(" ", 1)[0] ?? "";
  }
}

/** `command`: for calls. `blocking`: for one call at a time that may wait. `listening`: for subscriptions. */
export type ConnectionKind = "command" | "blocking" | "listening";

/** How much later than its time a timer may fire before it says something about the event loop. */
const lateTimerMs = 100;

const notConnectedYet = "not connected yet";

type Client = ReturnType<typeof makeClient>;

interface Place {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly tls: boolean;
}

const binaryReplies = {
  typeMapping: {
    [RESP_TYPES.BLOB_STRING]: Buffer,
    [RESP_TYPES.SIMPLE_STRING]: Buffer,
  },
} as const;

/**
 * One connection to Redis that looks after itself: it connects again with jitter for as long as it is open, refuses
 * calls at once while it is cut off, and gives every call a deadline. The only place that knows the client library.
 *
 * The library keeps a command that was already written waiting for ever when the server freezes. So a call that runs out
 * of time here, with nothing heard from the server since it was sent, gives the whole connection up and makes a new one.
 */
export class Connection {
  readonly #options: RedisOptions;
  readonly #kind: ConnectionKind;
  readonly #clock: Clock;
  readonly #place: Place;
  readonly #listeners = new Set<(reachability: Reachability) => void>();
  readonly #subscriptions = new Map<string, (message: Buffer) => void>();
  /** Deadlines are real time, also where a test moves the clock that tasks are stamped with. */
  readonly #timers: Clock = systemClock;
  readonly #commandTimeoutMs: number;
  #client: Client | undefined;
  #reachability: Reachability;
  #firstAttempt: Promise<void> | undefined;
  #lastHeard = 0;
  #closed = false;

  constructor(options: RedisOptions, kind: ConnectionKind) {
    this.#options = options;
    this.#kind = kind;
    this.#clock = options.clock ?? systemClock;
    this.#place = placeOf(options);
    this.#reachability = { reachable: false, since: this.#clock.now(), reason: notConnectedYet };
    this.#commandTimeoutMs = options.commandTimeoutMs ?? 5_000;
  }

  get location(): string {
    const { host, port, db, tls } = this.#place;
    return `${tls ? "rediss" : "redis"}://${host}:${port}/${db}`;
  }

  get reachability(): Reachability {
    return this.#reachability;
  }

  onReachability(listener: (reachability: Reachability) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Starts connecting unless that was done before. Never throws: `reachability` tells. */
  open(): void {
    if (this.#firstAttempt !== undefined || this.#closed) return;
    this.#firstAttempt = new Promise((resolve) => {
      const stop = this.onReachability(() => {
        stop();
        resolve();
      });
      this.#connect();
    });
  }

  /**
   * Sends one command. Calls of one turn of the event loop travel together.
   * @throws HikyakuError `broker_unavailable`, `answer_lost`, `deadline_exceeded`, `cancelled` or `closed`; RedisRefusal.
   */
  call(args: readonly Argument[], call: CallOptions = {}): Promise<Reply> {
    if (call.signal?.aborted === true) return Promise.reject(cancelled(call.signal, "before the call was sent"));
    if (this.#client?.isReady === true) return this.#send(this.#client, args, call);
    return this.#sendOnceOpen(args, call);
  }

  /** Calls back for each message of the channel, also after reconnecting, until the connection is closed. */
  subscribe(channel: string, handler: (message: Buffer) => void): void {
    this.#subscriptions.set(channel, handler);
    if (this.#client?.isReady === true) this.#resubscribe(this.#client, channel, handler);
    else this.open();
  }

  /** Lets go at once; calls under way are refused with `closed`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#client?.destroy();
    this.#change(false, "closed");
    this.#listeners.clear();
  }

  #connect(): void {
    const client = makeClient(this.#options, this.#place, this.#kind);
    this.#client = client;
    client.on("ready", () => {
      if (this.#client !== client) return;
      this.#lastHeard = this.#timers.monotonic();
      for (const [channel, handler] of this.#subscriptions) this.#resubscribe(client, channel, handler);
      this.#change(true, undefined);
    });
    client.on("error", (error: unknown) => {
      if (this.#client === client && !client.isReady) this.#change(false, reasonOf(error));
    });
    client.connect().catch((error: unknown) => {
      if (this.#client === client && !this.#closed) this.#change(false, reasonOf(error));
    });
  }

  async #sendOnceOpen(args: readonly Argument[], call: CallOptions): Promise<Reply> {
    this.open();
    if (this.#firstAttempt !== undefined && this.#reachability.reason === notConnectedYet) {
      const waiting = new AbortController();
      const patience = sleep(this.#timers, call.timeoutMs ?? this.#commandTimeoutMs, waiting.signal);
      call.signal?.addEventListener("abort", () => waiting.abort(), { once: true, signal: waiting.signal });
      await Promise.race([this.#firstAttempt, patience]);
      waiting.abort();
    }
    if (this.#closed) throw new HikyakuError("closed", "expected an open broker; this one was closed");
    if (call.signal?.aborted === true) throw cancelled(call.signal, "before the call was sent");
    if (this.#client?.isReady !== true) {
      const reason = this.#reachability.reason ?? "connecting";
      throw new HikyakuError("broker_unavailable", `Redis at ${this.location} can't be reached: ${reason}`);
    }
    return this.#send(this.#client, args, call);
  }

  #send(client: Client, args: readonly Argument[], call: CallOptions): Promise<Reply> {
    const timeoutMs = call.timeoutMs ?? this.#commandTimeoutMs;
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
          reject(this.#translate(error));
        },
      );
    });
  }

  /** The server accepted our bytes and says nothing: a new connection finds out sooner whether it is there. */
  #giveUp(client: Client, reason: string): void {
    if (this.#client !== client || this.#closed) return;
    this.#change(false, reason);
    this.#connect();
    client.destroy();
  }

  #resubscribe(client: Client, channel: string, handler: (message: Buffer) => void): void {
    client.subscribe(channel, handler, true).catch((error: unknown) => {
      if (this.#client === client) this.#giveUp(client, `subscribing failed: ${reasonOf(error)}`);
    });
  }

  #translate(error: unknown): Error {
    if (error instanceof ErrorReply) {
      this.#lastHeard = this.#timers.monotonic();
      return new RedisRefusal(error.message, { cause: error });
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
    const since = before.reachable === reachable ? before.since : this.#clock.now();
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

function makeClient(options: RedisOptions, place: Place, kind: ConnectionKind) {
  const minDelayMs = options.minReconnectDelayMs ?? 50;
  const maxDelayMs = options.maxReconnectDelayMs ?? 500;
  const tls = options.tls === true || options.tls === undefined || options.tls === false ? {} : options.tls;
  const timing = {
    host: place.host,
    port: place.port,
    connectTimeout: options.connectTimeoutMs ?? 2_000,
    reconnectStrategy: (retries: number): number =>
      Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(retries, 10)) * (0.5 + Math.random() / 2),
    // A blocking call is silent for as long as it waits; its own deadline finds a dead server.
    ...(kind === "blocking" ? {} : { socketTimeout: 25_000 }),
  };
  return createClient({
    socket: place.tls
      ? {
          ...timing,
          tls: true,
          servername: tls.serverName ?? place.host,
          rejectUnauthorized: tls.verify ?? true,
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        }
      : timing,
    database: place.db,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    ...(kind === "blocking" ? {} : { pingInterval: 10_000 }),
    ...credentials(options),
  });
}

function credentials(options: RedisOptions): { username?: string; password?: string } {
  const url = options.url === undefined ? undefined : new URL(options.url);
  const username = options.username ?? decodeURIComponent(url?.username ?? "");
  const password = options.password ?? decodeURIComponent(url?.password ?? "");
  return { ...(username === "" ? {} : { username }), ...(password === "" ? {} : { password }) };
}

function placeOf(options: RedisOptions): Place {
  if (options.url !== undefined && options.addr !== undefined) {
    throw new HikyakuError("invalid_option", 'options "url" and "addr": expected one of the two, got both');
  }
  const text = options.url ?? `redis://${options.addr ?? "127.0.0.1:6379"}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = url?.pathname.replace(/^\//, "") ?? "";
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === "" || !/^\d*$/.test(database)) {
    const name = options.url === undefined ? "addr" : "url";
    const expected = name === "addr" ? "host:port" : "redis://host:port/db or rediss://host:port/db";
    throw new HikyakuError("invalid_option", `option "${name}": expected ${expected}, got ${withoutSecrets(text)}`);
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6_379 : Number(url.port),
    db: options.db ?? (database === "" ? 0 : Number(database)),
    tls: url.protocol === "rediss:" || (options.tls ?? false) !== false,
  };
}

function withoutSecrets(url: string): string {
  return JSON.stringify(url.replace(/\/\/[^@]*@/, "//***@"));
}
