import type { Lease, WorkFacet } from "../../broker/work-facet.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { LeaseTableReader, TableEntry } from "./lease-table.ts";

const batchSize = 1_000;
/**
 * A lease is extended once a twelfth of it has passed, and is looked at as often. So a task that ends within seconds is
 * never asked for. A peer whose clock is 20 s ahead still sees the rest of a lease of 30 s.
 */
const youngShare = 1 / 12;
/** With less than this left nobody has extended a lease who should have, several times. */
const lateShare = 1 / 2;

/** How often an extender is to run. */
export function extendEveryMs(leaseMs: number): number {
  return leaseMs * youngShare;
}

/** A lease that may be somebody else's. */
export interface LostLease extends TableEntry {
  /** `store`: somebody took the task over, or settled it. `time`: the lease ran out while the store did not answer. */
  readonly because: "store" | "time";
}

export interface LeaseExtenderOptions {
  readonly broker: Pick<WorkFacet, "extend">;
  /** Its monotonic time must be on the scale of the tables' times. */
  readonly clock: Clock;
  readonly leaseMs: number;
}

interface WatchedTable {
  readonly table: LeaseTableReader;
  readonly onLost: (lost: LostLease) => void;
  /** The state, by slot, of each lease that the store says is lost. Such a lease is not asked for again. */
  lost: Map<number, number>;
}

interface DueLease {
  readonly watched: WatchedTable;
  readonly entry: TableEntry;
  readonly lease: Lease;
}

/**
 * Extends the leases of all its tables, together and long before they end. It may run in any thread, and beside another
 * extender.
 */
export class LeaseExtender implements Role {
  readonly name = "extending leases";
  readonly #options: LeaseExtenderOptions;
  readonly #tables = new Map<LeaseTableReader, WatchedTable>();

  constructor(options: LeaseExtenderOptions) {
    this.#options = options;
  }

  /** How many tables it looks at. */
  get size(): number {
    return this.#tables.size;
  }

  /** Whether leases are to be extended that should have been long ago, whoever was to do it. */
  get isLate(): boolean {
    const now = this.#options.clock.monotonic();
    for (const { table, lost } of this.#tables.values()) {
      for (const entry of table.entries()) {
        const { leaseEnd, holdUntil } = table.times(entry);
        const isWanted = now < holdUntil && lost.get(entry.slot) !== entry.state;
        if (isWanted && leaseEnd - now < this.#options.leaseMs * lateShare) return true;
      }
    }
    return false;
  }

  /** `onLost` is called once for each lease and reason. */
  add(table: LeaseTableReader, onLost: (lost: LostLease) => void): void {
    this.#tables.set(table, { table, onLost, lost: new Map() });
  }

  remove(table: LeaseTableReader): void {
    this.#tables.delete(table);
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const due = [...this.#tables.values()].flatMap((watched) => this.#due(watched));
    try {
      // One call a queue, side by side: trouble with one queue, or with its node, does not delay the others.
      const batches = [...Map.groupBy(due, ({ lease }) => lease.queue).values()].flatMap(inBatches);
      const answers = await Promise.allSettled(batches.map((batch) => this.#extend(batch, signal)));
      for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
    } finally {
      for (const watched of this.#tables.values()) this.#noteWhatRanOut(watched);
    }
  }

  #due(watched: WatchedTable): DueLease[] {
    const { clock, leaseMs } = this.#options;
    const { table, lost } = watched;
    const now = clock.monotonic();
    const due: DueLease[] = [];
    const stillLost = new Map<number, number>();
    for (const entry of table.entries()) {
      if (lost.get(entry.slot) === entry.state) {
        stillLost.set(entry.slot, entry.state);
        continue;
      }
      const { leaseEnd, holdUntil } = table.times(entry);
      if (leaseEnd - now > leaseMs * (1 - youngShare) || now >= holdUntil) continue;
      const lease = table.lease(entry);
      if (lease !== undefined) due.push({ watched, entry, lease });
    }
    watched.lost = stillLost;
    return due;
  }

  async #extend(due: readonly DueLease[], signal: AbortSignal | undefined): Promise<void> {
    const { broker, clock, leaseMs } = this.#options;
    const leaseEnd = clock.monotonic() + leaseMs;
    const leaseEndsAt = clock.now() + leaseMs;
    const call = { timeoutMs: Math.max(500, leaseMs / 6), ...(signal !== undefined && { signal }) };
    const answers = await broker.extend(
      due.map(({ lease }) => lease),
      leaseEndsAt,
      call,
    );
    for (const [index, { watched, entry }] of due.entries()) {
      const { table, lost, onLost } = watched;
      if (answers[index] === "held") {
        table.extended(entry, { leaseEnd, leaseEndsAt });
        table.setDoubt(entry, false);
        continue;
      }
      lost.set(entry.slot, entry.state);
      if (table.isThere(entry)) {
        table.setDoubt(entry, true);
        onLost({ ...entry, because: "store" });
      }
    }
  }

  /** While the store does not answer, only the clocks can tell that somebody else may have taken a task. */
  #noteWhatRanOut({ table, onLost }: WatchedTable): void {
    const { clock } = this.#options;
    const [monotonic, now] = [clock.monotonic(), clock.now()];
    for (const entry of table.entries()) {
      const { leaseEnd, leaseEndsAt } = table.times(entry);
      // Either clock is enough, because one of them may have stood still.
      if (monotonic < leaseEnd && now < leaseEndsAt) continue;
      if (table.isThere(entry) && table.setDoubt(entry, true)) onLost({ ...entry, because: "time" });
    }
  }
}

function inBatches(leases: readonly DueLease[]): DueLease[][] {
  const count = Math.ceil(leases.length / batchSize);
  return Array.from({ length: count }, (_, index) => leases.slice(index * batchSize, (index + 1) * batchSize));
}
