import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { errorText, HikyakuError } from "../../../errors.ts";
import { CommandBytes } from "./command-bytes.ts";
import { type Argument, noTransaction, RedisRefusal, type Reply } from "./link.ts";
import { type ConnectionSettings, type Place, shownPlace } from "./place.ts";
import { ReplyDecoder } from "./reply-decoder.ts";
import { isOk, shown } from "./reply-shape.ts";

/** Gets the reply to a command. Exactly one of the two methods is called, unless the process ends before. */
export interface Answer {
  replied(reply: Reply): void;
  /**
   * Called with a `RedisRefusal` when the server refused, with a `HikyakuError` when the command can't be written, with `NeverSent` when the connection ended before the command
   * was written, with another error when it ended before the answer.
   */
  failed(error: Error): void;
}

/** The connection ended before the command was written, so nothing of it was carried out. */
export class NeverSent extends Error {
  override readonly name = "NeverSent";
}

/** A command, or a whole transaction, that waits to be written. */
type HeldCommand = { readonly args: readonly Argument[] } | { readonly commands: Buffer; readonly count: number };

const mostReadAtOnce = 65_536;

/**
 * While more bytes than this wait for the system to take them, further commands are held back. What was handed to the
 * socket can't be taken back, so this bounds what callers that gave up leave behind.
 */
const mostUnsentBytes = 4_194_304;

/** How many places of given answers are kept before the places behind them move up. */
const mostUsedPlaces = 1_024;

/** After so long the system begins to ask whether the other side is still there. */
const keepAliveMs = 5_000;

/**
 * One connection to one server, from the attempt to open it to its end. It never connects again. Commands are answered
 * in the order in which they were sent. Commands sent in one callback of the event loop travel in one piece.
 */
export class Wire {
  readonly place: Place;
  readonly #socket: Socket;
  readonly #onEnd: (error: Error) => void;
  readonly #decoder: ReplyDecoder;
  readonly #bytes = new CommandBytes();
  /** The answers still to give, from `#next` on. The places before it are used again once none is left. */
  #answers: (Answer | undefined)[] = [];
  #next = 0;
  readonly #handlers = new Map<string, (message: Buffer) => void>();
  /** Commands that wait for the socket to take what it has, in order. Undefined while it takes all. */
  #held: Map<Answer, HeldCommand> | undefined;
  #isFlushing = false;
  #isReady = false;
  #error: Error | undefined;
  #heardAt = performance.now();
  #silences = 0;
  readonly #patience: NodeJS.Timeout;
  #pulse: NodeJS.Timeout | undefined;

  /**
   * Begins to connect.
   * @param silenceMs when the server says nothing for so long, it is asked for a sign of life. When it stays silent for
   * twice as long again, the connection is given up. Undefined: the server may be silent for ever
   * @param onEnd called once when the connection failed or was lost, unless it was destroyed before
   */
  constructor(
    settings: ConnectionSettings,
    place: Place,
    silenceMs: number | undefined,
    onEnd: (error: Error) => void,
  ) {
    this.place = place;
    this.#onEnd = onEnd;
    this.#decoder = new ReplyDecoder(
      (reply) => this.#replied(reply),
      (items) => this.#pushed(items),
    );
    const { connectTimeoutMs, tls } = settings;
    // Before the timer is set: an error thrown here leaves nothing behind.
    this.#socket = openSocket(settings, place, (piece) => this.#heard(piece));
    this.#patience = setTimeout(
      () => this.#end(new Error(`no connection to ${shownPlace(place)} within ${connectTimeoutMs} ms`), true),
      connectTimeoutMs,
    );
    this.#socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      clearTimeout(this.#patience);
      if (silenceMs !== undefined) this.#pulse = setInterval(() => this.#listenForLife(silenceMs), silenceMs);
    });
    this.#socket.on("drain", () => this.#writeHeld());
    this.#socket.on("error", (error) => this.#end(error, true));
    const closed = (): void => this.#end(new Error(`${shownPlace(place)} closed the connection`), true);
    this.#socket.on("end", closed);
    this.#socket.on("close", closed);
  }

  /** Whether the server has accepted the greeting and the connection has not ended. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** When the server last said anything, on the clock of `performance.now()`. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /**
   * Logs in and chooses the database.
   * @throws the error that ended the connection; RedisRefusal.
   */
  async greet({ username, password, db }: ConnectionSettings): Promise<void> {
    const credentials = username || password ? ["AUTH", username || "default", password ?? ""] : [];
    const [about, chosen] = await Promise.all([
      this.ask(["HELLO", "3", ...credentials]),
      db === 0 ? undefined : this.#select(db),
    ]);
    if (!isAboutServer(about)) throw this.#noRedis(`expected it to tell of itself when greeted, got ${shown(about)}`);
    if (chosen !== undefined && !isOk(chosen))
      throw this.#noRedis(`expected it to choose a database, got ${shown(chosen)}`);
    this.#isReady = this.#error === undefined;
  }

  async #select(db: number): Promise<Reply> {
    try {
      return await this.ask(["SELECT", String(db)]);
    } catch (error) {
      const hint = error instanceof RedisRefusal && databaseHints.find(([words]) => words.test(error.message))?.[1];
      if (!hint) throw error;
      const text = `expected ${shownPlace(this.place)} to have a database ${db}, it answers: ${errorText(error)}; ${hint}`;
      throw new Error(text, { cause: error });
    }
  }

  /** Sends a command. If the connection has ended, answers at once with the error that ended it. */
  send(args: readonly Argument[], answer: Answer): void {
    if (this.#error !== undefined) {
      answer.failed(this.#error);
      return;
    }
    if (this.#held !== undefined) {
      this.#held.set(answer, { args });
      return;
    }
    if (this.#add(args, answer)) this.#flushSoon();
  }

  /** Takes a command back that was not written yet. Returns false when it may have been. */
  withdraw(answer: Answer): boolean {
    return this.#held?.delete(answer) === true;
  }

  /** Sends a transaction: see `Link.transact`. */
  sendTransaction(commands: Buffer, count: number, answer: Answer): void {
    if (this.#error !== undefined) {
      answer.failed(this.#error);
      return;
    }
    if (this.#held === undefined) this.#addTransaction(commands, count, answer);
    else this.#held.set(answer, { commands, count });
  }

  #add(args: readonly Argument[], answer: Answer): boolean {
    try {
      this.#bytes.add(args);
    } catch (error) {
      answer.failed(unwritable(error));
      return false;
    }
    this.#answers.push(answer);
    return true;
  }

  #addTransaction(commands: Buffer, count: number, answer: Answer): void {
    this.#bytes.addWritten(commands);
    const transaction = new Transaction(answer);
    for (let index = 0; index <= count; index++) this.#answers.push(transaction.queued);
    this.#answers.push(transaction);
    this.#flushSoon();
  }

  /**
   * As `send`, with a promise.
   * @throws the error that ended the connection; RedisRefusal.
   */
  ask(args: readonly Argument[]): Promise<Reply> {
    return new Promise((resolve, reject) => this.send(args, { replied: resolve, failed: reject }));
  }

  /**
   * Calls back for each message of the channel until the connection ends.
   * @throws as `ask`.
   */
  async subscribe(channel: string, handler: (message: Buffer) => void): Promise<void> {
    this.#handlers.set(channel, handler);
    await this.ask(["SUBSCRIBE", channel]);
  }

  /** Closes at once. All answers that are still to come fail. */
  destroy(): void {
    this.#end(new Error("the connection was given up"), false);
  }

  #flushSoon(): void {
    if (this.#bytes.size > mostUnsentBytes) this.#flush();
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    if (this.#error !== undefined) return;
    const { buffers, text } = this.#bytes.take();
    const isMore = buffers.length > 1 || (buffers.length > 0 && text !== "");
    if (isMore) this.#socket.cork();
    for (const buffer of buffers) this.#socket.write(buffer);
    if (text !== "") this.#socket.write(text, "latin1");
    if (isMore) this.#socket.uncork();
    if (this.#socket.writableLength > mostUnsentBytes) this.#held ??= new Map();
  }

  /** The socket has taken everything. Gives it no more than it may have at once: it calls again. */
  #writeHeld(): void {
    if (this.#held === undefined || this.#error !== undefined) return;
    for (const [answer, held] of this.#held) {
      this.#held.delete(answer);
      if ("args" in held) this.#add(held.args, answer);
      else this.#addTransaction(held.commands, held.count, answer);
      if (this.#bytes.size > mostUnsentBytes) break;
    }
    if (this.#held.size === 0) this.#held = undefined;
    this.#flush();
  }

  #heard(piece: Buffer): void {
    this.#heardAt = performance.now();
    this.#silences = 0;
    try {
      this.#decoder.feed(piece);
    } catch (error) {
      this.#end(this.#noRedis(errorText(error), error), true);
    }
  }

  #noRedis(why: string, cause?: unknown): Error {
    return new Error(`${shownPlace(this.place)} is no Redis: ${why}`, { cause });
  }

  #replied(reply: Reply | RedisRefusal): void {
    const answer = this.#answers[this.#next];
    if (answer === undefined) {
      if (this.#error === undefined) throw new Error("expected no answer, since nothing was asked, got one");
      return;
    }
    this.#answers[this.#next] = undefined;
    this.#next++;
    if (this.#next === this.#answers.length) {
      this.#answers.length = 0;
      this.#next = 0;
    } else if (this.#next >= mostUsedPlaces) {
      this.#answers.splice(0, this.#next);
      this.#next = 0;
    }
    if (reply instanceof RedisRefusal) answer.failed(reply);
    else answer.replied(reply);
  }

  #pushed(items: readonly Reply[]): void {
    const [kind, channel, message] = items;
    switch (String(kind)) {
      case "subscribe":
        this.#replied(null);
        break;
      case "message":
        if (Buffer.isBuffer(message)) this.#tell(this.#handlers.get(String(channel)), message);
        break;
    }
  }

  /** In a callback of its own: a handler that throws must not end the reading of the piece. */
  #tell(handler: ((message: Buffer) => void) | undefined, message: Buffer): void {
    if (handler !== undefined) queueMicrotask(() => handler(message));
  }

  /** Only the third silence counts. The event loop may have stood still while the server's words waited to be read. */
  #listenForLife(silenceMs: number): void {
    if (performance.now() - this.#heardAt < silenceMs) return;
    this.#silences++;
    if (this.#silences > 2) this.#end(new Error(`${shownPlace(this.place)} is silent`), true);
    else this.send(["PING"], ignored);
  }

  #end(error: Error, isLost: boolean): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#isReady = false;
    clearTimeout(this.#patience);
    clearInterval(this.#pulse);
    this.#socket.destroy();
    if (isLost) this.#onEnd(error);
    const answers = this.#answers.slice(this.#next);
    this.#answers = [];
    this.#next = 0;
    const held = this.#held;
    this.#held = undefined;
    for (const answer of answers) answer?.failed(error);
    if (held === undefined) return;
    const unsent = new NeverSent(error.message, { cause: error });
    for (const answer of held.keys()) answer.failed(unsent);
  }
}

function unwritable(error: unknown): HikyakuError {
  if (error instanceof HikyakuError) return error;
  return new HikyakuError("store_rejected", `the call can't be sent to Redis: ${errorText(error)}`, { cause: error });
}

/** Makes one answer from those of a transaction: to `MULTI`, to each command, and to `EXEC`. */
class Transaction implements Answer {
  readonly #answer: Answer;
  #refusal: RedisRefusal | undefined;
  /** For all answers except the last: they only say that the command is queued. */
  readonly queued: Answer = {
    replied: () => undefined,
    failed: (error) => {
      if (error instanceof RedisRefusal) this.#refusal ??= error;
    },
  };

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  replied(reply: Reply): void {
    this.#answer.replied(reply);
  }

  failed(error: Error): void {
    if (!(error instanceof RedisRefusal)) this.#answer.failed(error);
    else if (error.word === "EXECABORT") this.#answer.replied(null);
    else if (this.#refusal === undefined) this.#answer.failed(error);
    else this.#answer.failed(new RedisRefusal(`${noTransaction} ${this.#refusal.message}`, { cause: this.#refusal }));
  }
}

/**
 * Whether the reply is a server's description of itself at the greeting: names and values in turns, with the protocol.
 */
function isAboutServer(reply: Reply): boolean {
  return Array.isArray(reply) && reply.some((part, index) => part === 3 && String(reply[index - 1]) === "proto");
}

/** What a refusal to choose a database means, by its words. */
const databaseHints: readonly (readonly [words: RegExp, hint: string])[] = [
  [/in cluster mode/, "a cluster has only database 0, but for one of Valkey 9 or newer"],
  [/DB index/, "its setting databases says how many it has, in a cluster its setting cluster-databases"],
];

const ignored: Answer = { replied: () => undefined, failed: () => undefined };

function openSocket({ tls }: ConnectionSettings, { host, port }: Place, heard: (piece: Buffer) => void): Socket {
  const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
  if (tls === undefined) return connectPlain({ ...options, onread: copiesOf(heard) });
  const socket = connectTls({
    ...options,
    // An IP address is no server name; the certificate is then checked against the host.
    ...(tls.serverName === undefined && isIP(host) !== 0 ? {} : { servername: tls.serverName ?? host }),
    rejectUnauthorized: tls.verify ?? true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  });
  socket.on("data", (piece: Buffer | string) => {
    // Text would come only from a socket with an encoding.
    if (typeof piece !== "string") heard(piece);
  });
  return socket;
}

/**
 * Reads into one buffer again and again. Streams take a new buffer of this size for each piece, which costs more than a
 * copy.
 */
function copiesOf(heard: (piece: Buffer) => void): OnReadOpts {
  return {
    buffer: Buffer.allocUnsafeSlow(mostReadAtOnce),
    callback: (count, buffer) => {
      const piece = Buffer.allocUnsafe(count);
      piece.set(count === buffer.length ? buffer : buffer.subarray(0, count));
      heard(piece);
      return true;
    },
  };
}
