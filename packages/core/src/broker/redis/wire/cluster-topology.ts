import { errorText, HikyakuError } from "../../../errors.ts";
import { Connection } from "./connection.ts";
import { slotCount } from "./key-slot.ts";
import type { Reply } from "./link.ts";
import { type ConnectionSettings, type Place, shownPlace } from "./place.ts";
import { list, text } from "./reply.ts";
import { fixedRoute } from "./route.ts";

/** How many nodes are asked at the same time. */
const askedAtOnce = 3;

/** Which node of a cluster holds which slots, as the nodes say. Asks again when told that this is out of date. */
export class ClusterTopology {
  readonly location: string;
  readonly #settings: ConnectionSettings;
  readonly #seeds: readonly Place[];
  readonly #listeners = new Set<() => void>();
  /** The master of each slot. */
  #owners: readonly (Place | undefined)[] = [];
  #masters: readonly Place[] = [];
  /** All nodes, replicas too. They are asked in turn. */
  #nodes: readonly Place[];
  #next = 0;
  #refreshing: Promise<void> | undefined;
  readonly #asking = new Set<Connection>();
  #closed = false;

  constructor(places: readonly Place[], settings: ConnectionSettings) {
    const scheme = settings.tls === undefined ? "redis" : "rediss";
    const database = settings.db === 0 ? "" : `/${settings.db}`;
    this.location = `${scheme}+cluster://${places.map(shownPlace).join(",")}${database}`;
    this.#seeds = places;
    this.#nodes = places;
    // The slots are the same for all databases. Database 0 also answers when the chosen one is missing.
    this.#settings = { ...settings, db: 0 };
  }

  /** The masters that hold slots, in order of their first slot. Empty until the nodes were asked. */
  get masters(): readonly Place[] {
    return this.#masters;
  }

  ownerOf(slot: number): Place | undefined {
    return this.#owners[slot];
  }

  /** Calls back after each change of the slots' holders. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** A node, another one each time. */
  someNode(): Place {
    this.#next += 1;
    return this.#nodes[this.#next % this.#nodes.length] ?? { host: "127.0.0.1", port: 0 };
  }

  /** A node said that the slot is held elsewhere. */
  moved(slot: number, place: Place): void {
    const before = this.#owners[slot];
    if (before?.host === place.host && before.port === place.port) return;
    this.#owners = this.#owners.with(slot, place);
    if (!this.#masters.some((master) => isSame(master, place))) this.#masters = [...this.#masters, place];
    this.#tell();
    // Slots seldom move alone, so ask for all of them.
    void this.refresh().catch(() => undefined);
  }

  /**
   * Asks which node holds which slots. Calls that come meanwhile share the answer.
   * @throws HikyakuError `broker_unavailable`.
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#asking) connection.close();
    this.#listeners.clear();
  }

  async #refresh(): Promise<void> {
    const places = [...this.#nodes, ...this.#seeds.filter((seed) => !this.#nodes.some((node) => isSame(node, seed)))];
    const failures: string[] = [];
    // Begins with another node each time: a node that is cut off from the others still tells the old state.
    const start = this.#next++;
    const inTurn = places.map((_, index) => places[(start + index) % places.length] ?? (places[0] as Place));
    for (let from = 0; from < inTurn.length && !this.#closed; from += askedAtOnce) {
      const some = inTurn.slice(from, from + askedAtOnce);
      try {
        const answer = await Promise.any(some.map((place) => this.#ask(place)));
        if (!this.#closed) this.#learn(answer);
        return;
      } catch (error) {
        const errors = error instanceof AggregateError ? error.errors : [error];
        failures.push(...errors.map(errorText));
      }
    }
    if (this.#closed) throw new HikyakuError("closed", "expected an open broker; this one was closed");
    throw new HikyakuError(
      "broker_unavailable",
      `no node of the cluster ${this.location} says who holds what: ${failures.join("; ")}`,
    );
  }

  async #ask(place: Place): Promise<readonly Range[]> {
    const connection = new Connection(this.#settings, "command", fixedRoute(place, shownPlace(place)));
    this.#asking.add(connection);
    try {
      const ranges = list(await connection.call(["CLUSTER", "SLOTS"])).map((row) => rangeOf(row, place));
      if (ranges.length === 0) throw new Error(`${shownPlace(place)} knows of no slot that anybody holds`);
      return ranges;
    } finally {
      this.#asking.delete(connection);
      connection.close();
    }
  }

  #learn(ranges: readonly Range[]): void {
    const owners: (Place | undefined)[] = new Array(slotCount).fill(undefined);
    const masters = new Map<string, Place>();
    const nodes = new Map<string, Place>();
    for (const { from, to, places } of ranges.toSorted((a, b) => a.from - b.from)) {
      const [master] = places;
      if (master === undefined) continue;
      masters.set(shownPlace(master), master);
      for (const place of places) nodes.set(shownPlace(place), place);
      owners.fill(master, from, to + 1);
    }
    const isKnown = owners.every((owner, slot) => isSame(owner, this.#owners[slot]));
    this.#nodes = [...nodes.values()];
    this.#masters = [...masters.values()];
    this.#owners = owners;
    if (!isKnown) this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
  /** The master first. */
  readonly places: readonly Place[];
}

function rangeOf(row: Reply, asked: Place): Range {
  const [from, to, ...nodes] = list(row);
  return { from: Number(from), to: Number(to), places: nodes.map((node) => placeOf(node, asked)) };
}

/** The place of a node. A node that does not know its own name is at the place where it was asked. */
function placeOf(node: Reply, asked: Place): Place {
  const [host, port] = list(node);
  const name = text(host);
  return { host: name === undefined || name === "" || name === "?" ? asked.host : name, port: Number(port) };
}

function isSame(one: Place | undefined, other: Place | undefined): boolean {
  return one?.host === other?.host && one?.port === other?.port;
}
