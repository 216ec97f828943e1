import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { LAST_WORDS_MS, rawProblem } from "./broken-request.ts";
import { clientKey } from "./client-key.ts";

/** What one connection is about. */
interface Connection {
  /** Whom it counts for: an IPv4 address or an IPv6 network. */
  readonly client: string;
  readonly isProxy: boolean;
  /** The answer under way, if any. */
  answer: ServerResponse | undefined;
  /** Requests that came before the answer to the one before was taken, in order. */
  readonly waiting: (() => void)[];
}

export interface ConnectionLimits {
  /** Connections at the same time. */
  readonly most: number;
  /** Connections from one address, or one IPv6 network, at the same time. */
  readonly mostPerAddress: number;
  /** Whether an address is a proxy's, which stands for many clients and so has no limit of its own. */
  readonly isProxy: (address: string) => boolean;
  /** How long a peer has to take an answer, from its request on. */
  readonly answerMs: number;
}

/** Why a connection was refused or hung up on. */
export type Refusal = "too_many" | "too_many_of_address" | "pipelined" | "stalled";

/** Requests that may wait on one connection behind the one that is answered. Browsers send none ahead. */
const MOST_WAITING = 16;

/** How long nothing is taken from who asked far ahead, and how many such are remembered. */
const SHUN_MS = 10_000;
const MOST_SHUNNED = 1_000;
/** Refused connections that are told why at the same time; those beyond are just closed. */
const MOST_LEAVING = 50;

/**
 * The connections of a server, bounded in number, and each in what it can keep busy: its requests are answered one after
 * the other, so that whoever asks without reading holds one answer and not a thousand. Who asks far ahead is hung up on, and
 * not taken again for some seconds. When there are too many connections, those that are idle go first, the longest idle one
 * before the others.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #refused: (why: Refusal, client: string) => void;
  readonly #all = new Map<Socket, Connection>();
  readonly #perClient = new Map<string, number>();
  /** In the order in which they became idle. */
  readonly #idle = new Set<Socket>();
  /** Refused, and about to be told so. */
  readonly #leaving = new Set<Socket>();
  /** Who asked far ahead, with the moment until which nothing is taken from there. */
  readonly #shunned = new Map<string, number>();

  constructor(limits: ConnectionLimits, refused: (why: Refusal, client: string) => void) {
    this.#limits = limits;
    this.#refused = refused;
  }

  /** Takes a new connection, or refuses it with a few words. */
  admit(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const client = clientKey(address);
    const { most, mostPerAddress } = this.#limits;
    const isProxy = this.#limits.isProxy(address);
    if (!isProxy && this.#isShunned(client)) {
      socket.destroy();
      return;
    }
    const isOverShare = this.#of(client) >= mostPerAddress && !isProxy;
    if (isOverShare && !this.#makeRoom(client)) this.#refuse(socket, "too_many_of_address", client);
    else if (this.#all.size >= most && !this.#makeRoom()) this.#refuse(socket, "too_many", client);
    else this.#add(socket, { client, isProxy, answer: undefined, waiting: [] });
  }

  /** Lets `answer` begin once the answers before it on this connection have been taken. */
  take(request: IncomingMessage, response: ServerResponse, answer: () => void): void {
    const { socket } = request;
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    this.#idle.delete(socket);
    const begin = (): void => {
      connection.answer = response;
      const timer = setTimeout(() => this.#hangUp(socket, "stalled"), this.#limits.answerMs).unref();
      response.once("close", () => {
        clearTimeout(timer);
        connection.answer = undefined;
        // Nobody would take what is begun for a connection that has ended.
        if (socket.destroyed || !this.#all.has(socket)) return;
        const next = connection.waiting.shift();
        if (next === undefined) this.#idle.add(socket);
        else next();
      });
      answer();
    };
    if (connection.answer === undefined) begin();
    else if (connection.waiting.length < MOST_WAITING) connection.waiting.push(begin);
    else this.#shun(socket, connection);
  }

  /** What to do when nothing moved on a connection for a while: hangs up, unless it is we who keep the peer waiting. */
  stalled(socket: Socket, stallMs: number): void {
    const connection = this.#all.get(socket);
    const isOurTurn = connection?.answer !== undefined && socket.writableLength === 0;
    if (isOurTurn) socket.setTimeout(stallMs);
    else if (socket.writableLength > 0) this.#hangUp(socket, "stalled");
    else socket.destroy();
  }

  /** Whether words of our own would end up inside an answer. */
  isAnswering(socket: Socket): boolean {
    return this.#all.get(socket)?.answer?.headersSent === true || socket.writableLength > 0;
  }

  /** Whatever came in one piece is read even so: a thousand requests each time, were they taken from there again at once. */
  #shun(socket: Socket, { client, isProxy }: Connection): void {
    this.#hangUp(socket, "pipelined");
    if (isProxy) return;
    const [oldest] = this.#shunned.keys();
    if (oldest !== undefined && this.#shunned.size >= MOST_SHUNNED) this.#shunned.delete(oldest);
    this.#shunned.delete(client);
    this.#shunned.set(client, performance.now() + SHUN_MS);
    // What lies unread on its other connections is as much again for each.
    for (const [other, { client: whose, isProxy: isOther }] of this.#all) {
      if (whose === client && !isOther) this.#drop(other);
    }
  }

  #isShunned(client: string): boolean {
    const until = this.#shunned.get(client);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    this.#shunned.delete(client);
    return false;
  }

  #of(client: string): number {
    return this.#perClient.get(client) ?? 0;
  }

  #add(socket: Socket, connection: Connection): void {
    this.#all.set(socket, connection);
    this.#perClient.set(connection.client, this.#of(connection.client) + 1);
    socket.once("close", () => this.#forget(socket));
  }

  /** Ends the connection that has been idle for longest, of one client or of all; false where none is idle. */
  #makeRoom(client?: string): boolean {
    for (const socket of this.#idle) {
      if (client !== undefined && this.#all.get(socket)?.client !== client) continue;
      this.#drop(socket);
      return true;
    }
    return false;
  }

  #refuse(socket: Socket, why: Refusal, client: string): void {
    this.#refused(why, client);
    if (this.#leaving.size >= MOST_LEAVING) {
      socket.destroy();
      return;
    }
    this.#leaving.add(socket);
    socket.once("close", () => this.#leaving.delete(socket));
    const whose = why === "too_many" ? "" : " from this address";
    socket.end(rawProblem("overloaded", `There are too many connections${whose}; nothing was done. Try again later.`));
    setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
  }

  #hangUp(socket: Socket, why: Refusal): void {
    if (socket.destroyed) return;
    this.#refused(why, this.#all.get(socket)?.client ?? "");
    this.#drop(socket);
  }

  /** Counts it out at once; its "close" comes later. */
  #drop(socket: Socket): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: Socket): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    connection.waiting.length = 0;
    this.#all.delete(socket);
    this.#idle.delete(socket);
    const left = this.#of(connection.client) - 1;
    if (left > 0) this.#perClient.set(connection.client, left);
    else this.#perClient.delete(connection.client);
  }
}
