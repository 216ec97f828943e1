/**
 * How many clients a process counts one by one. A client is an address or an IPv6 network, and anybody can have many of
 * these.
 */
const MOST_CLIENTS = 50_000;

/** When there are more, the later ones are counted together. */
const LATECOMERS = "latecomers";

/**
 * Bounds the memory that counting takes. It knows up to `most` clients, each for as long as its counts may last.
 * Clients that come while there is no room share one name.
 */
export class CountedClients {
  readonly #lifeMs: number;
  readonly #most: number;
  /** Until when each client is known. The first to be forgotten comes first. */
  readonly #known = new Map<string, number>();

  constructor(lifeMs: number, most = MOST_CLIENTS) {
    this.#lifeMs = lifeMs;
    this.#most = most;
  }

  /** The name that the client is counted under, at a moment of `performance.now()`. */
  nameOf(client: string, now = performance.now()): string {
    for (const [known, until] of this.#known) {
      if (until > now) break;
      this.#known.delete(known);
    }
    if (this.#known.has(client)) return client;
    if (this.#known.size >= this.#most) return LATECOMERS;
    this.#known.set(client, now + this.#lifeMs);
    return client;
  }
}
