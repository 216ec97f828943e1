import type { Lease } from "../broker/work-facet.ts";

/** Milliseconds on a clock that all threads of a process share and that never goes back. */
export function processMonotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

/** When a lease ends, and until when it is worth extending. */
export interface LeaseTimes {
  /** End of the lease, `processMonotonic`. */
  readonly leaseEnd: number;
  /** The same end, wall time. */
  readonly leaseEndsAt: number;
  /** From here on it is not extended any more, `processMonotonic`: a dead event loop can't hold a task for ever. */
  readonly holdUntil: number;
}

/** A piece of the table: shared memory, cut into slots of equal size. */
export interface TableSegment {
  readonly memory: SharedArrayBuffer;
  readonly slotBytes: number;
}

/** One lease in the table: its slot, and the state of the slot while the lease lies there. */
export interface TableEntry {
  readonly slot: number;
  readonly state: number;
}

/**
 * A slot holds a state, three numbers (length of the queue's name, of the task's id, bytes of text), three times and the
 * text: queue, id and token, as UTF-8.
 *
 * Bits of a state: 0 whether a lease lies there, 1 whether it is in doubt, the others count how often the slot was
 * filled, so that a reader can tell one lease from the next.
 */
const stateAt = 0;
const queueLengthAt = 1;
const idLengthAt = 2;
const textBytesAt = 3;
const leaseEndAt = 2;
const leaseEndsAtAt = 3;
const holdUntilAt = 4;
const textAt = 40;
const filled = 1;
const doubtful = 2;
const nextCount = 4;

const usualSlotBytes = 256;
const segmentBytes = 65_536;
/** Slots are numbered through: the segment's number times this, plus the place in it. */
const slotsPerSegment = 4_096;

class Segment {
  readonly numbers: Int32Array;
  readonly times: Float64Array;
  readonly bytes: Buffer;
  readonly slotBytes: number;
  readonly slots: number;

  constructor({ memory, slotBytes }: TableSegment) {
    this.numbers = new Int32Array(memory);
    this.times = new Float64Array(memory);
    this.bytes = Buffer.from(memory);
    this.slotBytes = slotBytes;
    this.slots = memory.byteLength / slotBytes;
  }
}

/**
 * The leases of a server in memory that another thread can read while the event loop stands still. Adding and removing
 * are a few writes to memory: a task that ends long before its lease costs the other thread nothing.
 */
export class LeaseTable {
  readonly #segments: TableSegment[] = [];
  readonly #followers: ((segment: TableSegment) => void)[] = [];
  readonly #views: Segment[] = [];
  /** Free slots by their size. */
  readonly #free = new Map<number, number[]>();

  /** Calls back with each piece of the table, old ones at once: readers need it before they can see what lies there. */
  follow(follower: (segment: TableSegment) => void): void {
    this.#segments.forEach(follower);
    this.#followers.push(follower);
  }

  add({ queue, taskId, token }: Lease, times: LeaseTimes): TableEntry {
    const text = `${queue}${taskId}${token}`;
    const slot = this.#takeSlot(textAt + bytesOf(text));
    const { numbers, times: moments, bytes, slotBytes } = this.#viewOf(slot);
    const start = (slot % slotsPerSegment) * slotBytes;
    const at = start / 4;
    numbers[at + queueLengthAt] = queue.length;
    numbers[at + idLengthAt] = taskId.length;
    numbers[at + textBytesAt] = bytes.write(text, start + textAt);
    moments[start / 8 + leaseEndAt] = times.leaseEnd;
    moments[start / 8 + leaseEndsAtAt] = times.leaseEndsAt;
    moments[start / 8 + holdUntilAt] = times.holdUntil;
    const state = ((Atomics.load(numbers, at + stateAt) & ~(filled | doubtful)) + nextCount) | filled;
    Atomics.store(numbers, at + stateAt, state);
    return { slot, state };
  }

  remove({ slot, state }: TableEntry): void {
    const { numbers, slotBytes } = this.#viewOf(slot);
    Atomics.store(numbers, ((slot % slotsPerSegment) * slotBytes) / 4 + stateAt, state & ~filled);
    this.#free.get(slotBytes)?.push(slot);
  }

  holdUntil({ slot }: TableEntry, moment: number): void {
    const { times, slotBytes } = this.#viewOf(slot);
    // An aligned number of eight bytes is written in one piece on every machine that Node.js runs on.
    times[((slot % slotsPerSegment) * slotBytes) / 8 + holdUntilAt] = moment;
  }

  /** Whether whoever extends leases found this one lost, or could not extend it before its end. */
  isInDoubt({ slot }: TableEntry): boolean {
    const { numbers, slotBytes } = this.#viewOf(slot);
    return (Atomics.load(numbers, ((slot % slotsPerSegment) * slotBytes) / 4 + stateAt) & doubtful) !== 0;
  }

  #takeSlot(bytes: number): number {
    let slotBytes = usualSlotBytes;
    while (slotBytes < bytes) slotBytes *= 2;
    let free = this.#free.get(slotBytes);
    if (free === undefined || free.length === 0) {
      free = this.#newSegment(slotBytes);
      this.#free.set(slotBytes, free);
    }
    // A new segment has at least one slot.
    return free.pop() as number;
  }

  #newSegment(slotBytes: number): number[] {
    const segment = { memory: new SharedArrayBuffer(Math.max(segmentBytes, slotBytes)), slotBytes };
    const first = this.#segments.length * slotsPerSegment;
    this.#segments.push(segment);
    const view = new Segment(segment);
    this.#views.push(view);
    for (const follower of this.#followers) follower(segment);
    return Array.from({ length: view.slots }, (_, index) => first + view.slots - 1 - index);
  }

  #viewOf(slot: number): Segment {
    // Slots come from `#newSegment`, which made the view.
    return this.#views[Math.floor(slot / slotsPerSegment)] as Segment;
  }
}

/** The other side of a `LeaseTable`, in whatever thread. */
export class LeaseTableReader {
  readonly #views: Segment[] = [];

  /** Segments come in the order in which they were made. */
  addSegment(segment: TableSegment): void {
    this.#views.push(new Segment(segment));
  }

  /** All leases that lie in the table now. */
  *entries(): Generator<TableEntry> {
    for (const [index, { numbers, slotBytes, slots }] of this.#views.entries()) {
      for (let place = 0; place < slots; place++) {
        const state = Atomics.load(numbers, (place * slotBytes) / 4 + stateAt);
        if ((state & filled) !== 0) yield { slot: index * slotsPerSegment + place, state: state & ~doubtful };
      }
    }
  }

  times({ slot }: TableEntry): LeaseTimes {
    const { times, slotBytes } = this.#viewOf(slot);
    const at = ((slot % slotsPerSegment) * slotBytes) / 8;
    return {
      leaseEnd: times[at + leaseEndAt] ?? 0,
      leaseEndsAt: times[at + leaseEndsAtAt] ?? 0,
      holdUntil: times[at + holdUntilAt] ?? 0,
    };
  }

  /** Undefined when the lease was removed meanwhile. */
  lease(entry: TableEntry): Lease | undefined {
    const { numbers, bytes, slotBytes } = this.#viewOf(entry.slot);
    const start = (entry.slot % slotsPerSegment) * slotBytes;
    const at = start / 4;
    const textBytes = numbers[at + textBytesAt] ?? 0;
    const queueLength = numbers[at + queueLengthAt] ?? 0;
    const idLength = numbers[at + idLengthAt] ?? 0;
    const text = bytes.toString("utf8", start + textAt, Math.min(start + textAt + textBytes, start + slotBytes));
    // Only now is it known that nobody wrote while the slot was read.
    if (!this.isThere(entry)) return undefined;
    return {
      queue: text.slice(0, queueLength),
      taskId: text.slice(queueLength, queueLength + idLength),
      token: text.slice(queueLength + idLength),
    };
  }

  isThere({ slot, state }: TableEntry): boolean {
    const { numbers, slotBytes } = this.#viewOf(slot);
    // Adding nothing reads the newest value, and no earlier read can slip behind it.
    const now = Atomics.add(numbers, ((slot % slotsPerSegment) * slotBytes) / 4 + stateAt, 0);
    return (now & ~doubtful) === state;
  }

  /** Says whether that was news; false also when the lease was removed meanwhile. */
  setDoubt({ slot, state }: TableEntry, isInDoubt: boolean): boolean {
    const { numbers, slotBytes } = this.#viewOf(slot);
    const at = ((slot % slotsPerSegment) * slotBytes) / 4 + stateAt;
    const [from, to] = isInDoubt ? [state, state | doubtful] : [state | doubtful, state];
    return Atomics.compareExchange(numbers, at, from, to) === from;
  }

  #viewOf(slot: number): Segment {
    // Entries come from `entries`, which goes over the views.
    return this.#views[Math.floor(slot / slotsPerSegment)] as Segment;
  }
}

function bytesOf(text: string): number {
  return text.length * 3 <= usualSlotBytes - textAt ? text.length * 3 : Buffer.byteLength(text);
}
