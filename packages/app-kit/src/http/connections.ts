import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { LAST_WORDS_MS, rawProblem } from "./broken-request.ts";
import { clientKey, networkKey } from "./client-key.ts";

/** What is known of one connection. */
interface Connection {
  /** The client that it counts for: an IPv4 address or an IPv6 network. */
  readonly client: string;
  /** The client that it counts for when room is made. An IPv6 network is larger here. */
  readonly network: string;
  readonly isProxy: boolean;
  /** The request that is being answered, or is still arriving. Undefined: there is none. */
  request: IncomingMessage | undefined;
  answer: ServerResponse | undefined;
  /** The moment of the last step: it connected, its request's headers came, or its answer was taken. */
  since: number;
  /** Whether an answer was taken on it. */
  wasAnswered: boolean;
  /** Requests that came before the previous answer was taken, in order. */
  readonly waiting: (() => void)[];
}

export interface ConnectionLimits {
  /** Connections at the same time. */
  readonly most: number;
  /** Connections from one address, or one IPv6 network, at the same time. */
  readonly mostPerAddress: number;
  /** Whether an address is a proxy's. A proxy stands for many clients, so it has no limit of its own. */
  readonly isProxy: (address: string) => boolean;
  /** How long a peer has to take an answer, from its request on. */
  readonly answerMs: number;
}

/** Why a connection was refused or hung up on. */
export type Refusal = "too_many" | "too_many_of_address" | "pipelined" | "stalled" | "unfinished" | "unread";

/** How many requests may wait on one connection behind the one that is being answered. Browsers send none ahead. */
const MOST_WAITING = 16;

/** How long nothing is accepted from a client that asked far ahead, and how many such clients are remembered. */
const SHUN_MS = 10_000;
const MOST_SHUNNED = 1_000;
/** How long a connection has for a whole request, and to take an answer, when others want its place. */
const CHANCE_MS = 1_000;
/** A client with more connections than this is out of the ordinary: browsers open six. */
const ORDINARY = 8;
/** How many refused connections are told why at the same time. Further ones are just closed. */
const MOST_LEAVING = 50;

/**
 * The connections of a server, bounded in number and in what each can keep busy. A connection's requests are answered
 * one after the other, so a client that asks without reading holds one answer and not a thousand. A client that asks
 * far ahead is hung up on, and not accepted again for some seconds.
 *
 * When there are too many, a new connection takes the place of another one. The first kind that is there goes:
 * - one that has not sent a whole request;
 * - an idle one;
 * - one that does not take its answer.
 *
 * Of that kind, the oldest one of the client with most connections goes.
 *
 * A connection without a whole request, or with an untaken answer, keeps its place for a second. It does not when its
 * client has more than the newcomer's client, or more than browsers open. A connection that waits for us is never cut.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #refused: (why: Refusal, client: string) => void;
  readonly #all = new Map<Socket, Connection>();
  readonly #perClient = new Map<string, number>();
  readonly #perNetwork = new Map<string, number>();
  /** Refused connections that are about to be told so. */
  readonly #leaving = new Set<Socket>();
  /** Clients that asked far ahead, each with the moment until which nothing is accepted from it. */
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
    const isOverShare = (this.#perClient.get(client) ?? 0) >= mostPerAddress && !isProxy;
    const connection: Connection = {
      client,
      network: networkKey(address),
      isProxy,
      waiting: [],
      request: undefined,
      answer: undefined,
      since: performance.now(),
      wasAnswered: false,
    };
    if (isOverShare && !this.#makeRoom(connection, "of_client")) this.#refuse(socket, "too_many_of_address", client);
    else if (this.#all.size >= most && !this.#makeRoom(connection, "of_all")) this.#refuse(socket, "too_many", client);
    else this.#add(socket, connection);
  }

  /** Lets `answer` begin once the answers before it on this connection have been taken. */
  take(request: IncomingMessage, response: ServerResponse, answer: () => void): void {
    const { socket } = request;
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    const begin = (): void => {
      connection.request = request;
      connection.answer = response;
      connection.since = performance.now();
      const timer = setTimeout(() => {
        if (!isEndless(response)) this.#hangUp(socket, "stalled");
      }, this.#limits.answerMs).unref();
      response.once("close", () => {
        clearTimeout(timer);
        connection.request = undefined;
        connection.answer = undefined;
        connection.since = performance.now();
        connection.wasAnswered = true;
        // Nobody would take an answer for a connection that has ended.
        if (socket.destroyed || !this.#all.has(socket)) return;
        connection.waiting.shift()?.();
      });
      answer();
    };
    if (connection.request === undefined) begin();
    else if (connection.waiting.length < MOST_WAITING) connection.waiting.push(begin);
    else this.#shun(socket, connection);
  }

  /** Called when nothing moved on a connection for a while. Hangs up, unless we keep the peer waiting. */
  stalled(socket: Socket, stallMs: number): void {
    const connection = this.#all.get(socket);
    const isOurTurn = connection?.request !== undefined && socket.writableLength === 0;
    if (isOurTurn) socket.setTimeout(stallMs);
    else if (socket.writableLength > 0) this.#hangUp(socket, "stalled");
    else socket.destroy();
  }

  /** Whether text that we send now would end up inside an answer. */
  isAnswering(socket: Socket): boolean {
    return this.#all.get(socket)?.answer?.headersSent === true || socket.writableLength > 0;
  }

  /**
   * Everything that came in one piece is read anyway. If the client were accepted again at once, that would be a
   * thousand requests each time.
   */
  #shun(socket: Socket, { client, isProxy }: Connection): void {
    this.#hangUp(socket, "pipelined");
    if (isProxy) return;
    const [oldest] = this.#shunned.keys();
    if (oldest !== undefined && this.#shunned.size >= MOST_SHUNNED) this.#shunned.delete(oldest);
    this.#shunned.delete(client);
    this.#shunned.set(client, performance.now() + SHUN_MS);
    // Each of its other connections may hold as many unread requests.
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

  #add(socket: Socket, connection: Connection): void {
    this.#all.set(socket, connection);
    count(this.#perClient, connection.client, 1);
    count(this.#perNetwork, connection.network, 1);
    socket.once("close", () => this.#forget(socket));
  }

  /**
   * The weight of a connection when room is made: the number of its network's connections, since they are one client's.
   * A proxy stands for many clients.
   */
  #weight({ network, isProxy }: Connection): number {
    return isProxy ? 1 : (this.#perNetwork.get(network) ?? 0);
  }

  /** Cuts a connection for a new one, of the same client or of all. False when none may be cut. */
  #makeRoom(newcomer: Connection, whose: "of_client" | "of_all"): boolean {
    const now = performance.now();
    const ordinary = Math.min(this.#weight(newcomer) + 1, ORDINARY);
    const mostWithChance = whose === "of_client" ? Number.POSITIVE_INFINITY : ordinary;
    let victim: { socket: Socket; why: Dispensable; weight: number; since: number } | undefined;
    for (const [socket, connection] of this.#all) {
      if (whose === "of_client" && connection.client !== newcomer.client) continue;
      const why = dispensable(socket, connection);
      if (why === undefined) continue;
      const weight = this.#weight(connection);
      const { since } = connection;
      const hasChance = why !== "idle" && now - since < CHANCE_MS;
      if (hasChance && weight <= mostWithChance) continue;
      const order =
        victim === undefined ? -1 : rank[why] - rank[victim.why] || victim.weight - weight || since - victim.since;
      if (order < 0) victim = { socket, why, weight, since };
    }
    if (victim === undefined) return false;
    if (victim.why === "idle") this.#drop(victim.socket);
    else this.#hangUp(victim.socket, victim.why);
    return true;
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

  /** Stops counting the connection at once; its "close" comes later. */
  #drop(socket: Socket): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: Socket): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    connection.waiting.length = 0;
    this.#all.delete(socket);
    count(this.#perClient, connection.client, -1);
    count(this.#perNetwork, connection.network, -1);
  }
}

/** Whether an answer has no end by itself, such as events: a peer that takes what comes may take it for ever. */
function isEndless(response: ServerResponse): boolean {
  return String(response.getHeader("content-type") ?? "").startsWith("text/event-stream");
}

/** Why a connection can be cut. The kinds that are missed least come first. */
type Dispensable = "unfinished" | "idle" | "unread";
const rank: Readonly<Record<Dispensable, number>> = { unfinished: 0, idle: 1, unread: 2 };

/** Undefined for a connection whose whole request has come and is still being answered. */
function dispensable(socket: Socket, { request, wasAnswered }: Connection): Dispensable | undefined {
  if (request === undefined) return wasAnswered ? "idle" : "unfinished";
  if (!request.complete) return "unfinished";
  return socket.writableLength > 0 ? "unread" : undefined;
}

function count(counts: Map<string, number>, key: string, more: 1 | -1): void {
  const left = (counts.get(key) ?? 0) + more;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
