import type { Lease, WorkFacet } from "../../broker/work-facet.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { LeaseTableReader, LeaseTimes, TableEntry } from "./lease-table.ts";

const batchSize = 1_000;
/**
 * A lease is extended once a twelfth of it has passed, and looked at as often: what ends within seconds is never asked
 * for, and of a lease of half a minute a peer whose clock is 20 s ahead still sees the rest.
 */
const youngShare = 1 / 12;

/** How often an extender is to run. */
export function extendEveryMs(leaseMs: number): number {
  return leaseMs * youngShare;
}

/** A lease that is not surely ours any more. */
export interface LostLease extends TableEntry {
  /** `store`: somebody took the task over, or settled it. `time`: it ran out while the store did not answer. */
  readonly because: "store" | "time";
}

export interface LeaseExtenderOptions {
  readonly broker: Pick<WorkFacet, "extend">;
  /** Its monotonic time must be the one that the table's times are in. */
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly table: LeaseTableReader;
  /** Called once for each lease and reason. */
  readonly onLost: (lost: LostLease) => void;
}

interface Extension extends Pick<LeaseTimes, "leaseEnd" | "leaseEndsAt"> {
  readonly state: number;
  readonly lost: boolean;
}

interface DueLease {
  readonly entry: TableEntry;
  readonly lease: Lease;
}

/** Extends the leases of a table long before they end. Does not care in which thread it runs. */
export class LeaseExtender implements Role {
  readonly name = "extending leases";
  readonly #options: LeaseExtenderOptions;
  /** What is known beyond the table, by slot. */
  #extensions = new Map<number, Extension>();

  constructor(options: LeaseExtenderOptions) {
    this.#options = options;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const due = this.#due();
    try {
      for (let start = 0; start < due.length; start += batchSize) {
        await this.#extend(due.slice(start, start + batchSize), signal);
      }
    } finally {
      this.#noteWhatRanOut();
    }
  }

  #due(): DueLease[] {
    const { table, clock, leaseMs } = this.#options;
    const now = clock.monotonic();
    const due: DueLease[] = [];
    const known = new Map<number, Extension>();
    for (const entry of table.entries()) {
      const extension = this.#extensionOf(entry);
      if (extension !== undefined) known.set(entry.slot, extension);
      if (extension?.lost === true) continue;
      const times = table.times(entry);
      const leaseEnd = extension?.leaseEnd ?? times.leaseEnd;
      if (leaseEnd - now > leaseMs * (1 - youngShare) || now >= times.holdUntil) continue;
      const lease = table.lease(entry);
      if (lease !== undefined) due.push({ entry, lease });
    }
    this.#extensions = known;
    return due;
  }

  async #extend(due: readonly DueLease[], signal: AbortSignal | undefined): Promise<void> {
    const { broker, clock, leaseMs, table, onLost } = this.#options;
    const leaseEnd = clock.monotonic() + leaseMs;
    const leaseEndsAt = clock.now() + leaseMs;
    const call = { timeoutMs: Math.max(500, leaseMs / 6), ...(signal !== undefined && { signal }) };
    const answers = await broker.extend(
      due.map(({ lease }) => lease),
      leaseEndsAt,
      call,
    );
    for (const [index, { entry }] of due.entries()) {
      const lost = answers[index] !== "held";
      this.#extensions.set(entry.slot, { state: entry.state, leaseEnd, leaseEndsAt, lost });
      if (!lost) {
        table.extended(entry, leaseEnd);
        table.setDoubt(entry, false);
      } else if (table.isThere(entry)) {
        table.setDoubt(entry, true);
        onLost({ ...entry, because: "store" });
      }
    }
  }

  /** While the store does not answer, only the clocks can tell that others may have taken a task. */
  #noteWhatRanOut(): void {
    const { table, clock, onLost } = this.#options;
    const [monotonic, now] = [clock.monotonic(), clock.now()];
    for (const entry of table.entries()) {
      const { leaseEnd, leaseEndsAt } = this.#extensionOf(entry) ?? table.times(entry);
      // By either clock, as one may have stood still.
      if (monotonic < leaseEnd && now < leaseEndsAt) continue;
      if (table.isThere(entry) && table.setDoubt(entry, true)) onLost({ ...entry, because: "time" });
    }
  }

  #extensionOf({ slot, state }: TableEntry): Extension | undefined {
    const extension = this.#extensions.get(slot);
    return extension?.state === state ? extension : undefined;
  }
}
