import type { Lease } from "../../broker/work-facet.ts";

/** Milliseconds on a clock that all threads of a process share and that never goes back. */
export function processMonotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

/** When a lease ends, by both clocks. */
export interface LeaseEnd {
  /** `processMonotonic`. */
  readonly leaseEnd: number;
  /** The same moment, wall time. */
  readonly leaseEndsAt: number;
}

/** When a lease ends, and until when it is extended. */
export interface LeaseTimes extends LeaseEnd {
  /** From here on the lease is not extended, `processMonotonic`. So a dead event loop can't hold a task for ever. */
  readonly holdUntil: number;
}

/** A piece of the table: shared memory, cut into slots of equal size. */
export interface TableSegment {
  readonly memory: SharedArrayBuffer;
  readonly slotBytes: number;
}

/** One lease in the table: its slot, and the slot's state while the lease lies there. */
export interface TableEntry {
  readonly slot: number;
  readonly state: number;
}

/**
 * Layout of a slot, in bytes from its start. From 16 to 55 lie times: floats of 8 bytes, in milliseconds. The other numbers
 * are integers of 4 bytes. Each constant below counts in numbers of its size; `textAt` counts in bytes.
 *
 * | Byte | Slot of a lease                              | Slot of a label               |
 * | ---- | -------------------------------------------- | ----------------------------- |
 * | 0    | state                                        |                               |
 * | 4    | length of the text, in bytes                 | the same                      |
 * | 8    | slot of its label                            |                               |
 * | 12   |                                              | length of the queue's name    |
 * | 16   | `leaseEnd` of the claim                      |                               |
 * | 24   | `leaseEndsAt` of the claim                   |                               |
 * | 32   | `holdUntil`                                  |                               |
 * | 40   | `leaseEnd` of the last extension             |                               |
 * | 48   | `leaseEndsAt` of the last extension          |                               |
 * | 56   | state of the lease that was extended         |                               |
 * | 64   | text, UTF-8: the task's id                   | the queue's name, the token   |
 *
 * Leases of one claim and queue share a label. The extension counts only while its state (56) is the slot's (0) without
 * the doubt.
 *
 * Bits of a state:
 * - 0: a lease lies in the slot.
 * - 1: the lease is in doubt.
 * - The others count how often the slot was filled, so that a reader can tell one lease from the next.
 */
const stateAt = 0;
const textBytesAt = 1;
const labelAt = 2;
const queueLengthAt = 3;
const leaseEndAt = 2;
const leaseEndsAtAt = 3;
const holdUntilAt = 4;
const extendedEndAt = 5;
const extendedEndsAtAt = 6;
const extendedStateAt = 14;
const textAt = 64;
const filled = 1;
const doubtful = 2;
const nextCount = 4;

const usualSlotBytes = 256;
const segmentBytes = 65_536;
/** A slot's number: the upper bits are its segment's number, the lower ones its place in the segment. */
const placeBits = 12;
const placeMask = (1 << placeBits) - 1;

interface Label {
  readonly slot: number;
  readonly token: string;
  uses: number;
}

/** A lease in the table, as its writer knows it. */
export interface HeldEntry extends TableEntry {
  readonly label: Label;
}

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
 * A server's leases, in memory that another thread can read while the event loop stands still. To add or remove a lease
 * is a few writes to memory. A task that ends long before its lease costs the other thread nothing.
 */
export class LeaseTable {
  readonly #segments: TableSegment[] = [];
  readonly #followers = new Set<(segment: TableSegment) => void>();
  readonly #views: Segment[] = [];
  /** Free slots by their size. */
  readonly #free = new Map<number, number[]>();
  /** The newest label of each queue. */
  readonly #labels = new Map<string, Label>();

  /**
   * Calls back with each segment of the table, at once with those that exist, until the returned function is called. A
   * reader needs a segment before it can see the leases in it.
   */
  follow(follower: (segment: TableSegment) => void): () => void {
    for (const segment of this.#segments) follower(segment);
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  add({ queue, taskId, token }: Lease, times: LeaseTimes): HeldEntry {
    const label = this.#labelOf(queue, token);
    label.uses++;
    const slot = this.#takeSlot(taskId);
    const { numbers, times: moments, bytes, slotBytes } = this.#viewOf(slot);
    const start = (slot & placeMask) * slotBytes;
    const at = start / 4;
    numbers[at + labelAt] = label.slot;
    numbers[at + textBytesAt] = bytes.write(taskId, start + textAt);
    moments[start / 8 + leaseEndAt] = times.leaseEnd;
    moments[start / 8 + leaseEndsAtAt] = times.leaseEndsAt;
    moments[start / 8 + holdUntilAt] = times.holdUntil;
    const state = ((Atomics.load(numbers, at + stateAt) & ~(filled | doubtful)) + nextCount) | filled;
    Atomics.store(numbers, at + stateAt, state);
    return { slot, state, label };
  }

  remove({ slot, state, label }: HeldEntry): void {
    const { numbers, slotBytes } = this.#viewOf(slot);
    Atomics.store(numbers, ((slot & placeMask) * slotBytes) / 4 + stateAt, state & ~filled);
    this.#free.get(slotBytes)?.push(slot);
    label.uses--;
    if (label.uses === 0) this.#free.get(this.#viewOf(label.slot).slotBytes)?.push(label.slot);
  }

  holdUntil({ slot }: TableEntry, moment: number): void {
    const { times, slotBytes } = this.#viewOf(slot);
    // Every machine that Node.js runs on writes an aligned number of eight bytes in one piece.
    times[((slot & placeMask) * slotBytes) / 8 + holdUntilAt] = moment;
  }

  /** Whether the extender of leases found this one lost, or could not extend it before its end. */
  isInDoubt({ slot }: TableEntry): boolean {
    const { numbers, slotBytes } = this.#viewOf(slot);
    return (Atomics.load(numbers, ((slot & placeMask) * slotBytes) / 4 + stateAt) & doubtful) !== 0;
  }

  /** The latest end of the lease that this process knows: its claim's, or its last extension's. */
  leaseEnd({ slot, state }: TableEntry): number {
    const { numbers, times, slotBytes } = this.#viewOf(slot);
    const start = (slot & placeMask) * slotBytes;
    const isExtended = Atomics.load(numbers, start / 4 + extendedStateAt) === state;
    return times[start / 8 + (isExtended ? extendedEndAt : leaseEndAt)] ?? 0;
  }

  #labelOf(queue: string, token: string): Label {
    const newest = this.#labels.get(queue);
    if (newest !== undefined && newest.uses > 0 && newest.token === token) return newest;
    const text = queue + token;
    const slot = this.#takeSlot(text);
    const { numbers, bytes, slotBytes } = this.#viewOf(slot);
    const start = (slot & placeMask) * slotBytes;
    numbers[start / 4 + queueLengthAt] = queue.length;
    numbers[start / 4 + textBytesAt] = bytes.write(text, start + textAt);
    const label = { slot, token, uses: 0 };
    this.#labels.set(queue, label);
    return label;
  }

  #takeSlot(text: string): number {
    const bytes = textAt + mostBytesOf(text);
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
    const first = this.#segments.length << placeBits;
    this.#segments.push(segment);
    const view = new Segment(segment);
    this.#views.push(view);
    for (const follower of this.#followers) follower(segment);
    return Array.from({ length: view.slots }, (_, index) => first + view.slots - 1 - index);
  }

  #viewOf(slot: number): Segment {
    // Slots come from `#newSegment`, which made the view.
    return this.#views[slot >> placeBits] as Segment;
  }
}

/** The reading side of a `LeaseTable`, in any thread. */
export class LeaseTableReader {
  readonly #views: Segment[] = [];

  /** Segments must be added in the order in which they were made. */
  addSegment(segment: TableSegment): void {
    this.#views.push(new Segment(segment));
  }

  /** All leases that lie in the table now. */
  *entries(): Generator<TableEntry> {
    for (const [index, { numbers, slotBytes, slots }] of this.#views.entries()) {
      for (let place = 0; place < slots; place++) {
        const state = Atomics.load(numbers, (place * slotBytes) / 4 + stateAt);
        if ((state & filled) !== 0) yield { slot: (index << placeBits) + place, state: state & ~doubtful };
      }
    }
  }

  /** The end is that of the last extension, if there was one. */
  times({ slot, state }: TableEntry): LeaseTimes {
    const { numbers, times, slotBytes } = this.#viewOf(slot);
    const start = (slot & placeMask) * slotBytes;
    const at = start / 8;
    const isExtended = Atomics.load(numbers, start / 4 + extendedStateAt) === state;
    return {
      leaseEnd: times[at + (isExtended ? extendedEndAt : leaseEndAt)] ?? 0,
      leaseEndsAt: times[at + (isExtended ? extendedEndsAtAt : leaseEndsAtAt)] ?? 0,
      holdUntil: times[at + holdUntilAt] ?? 0,
    };
  }

  /** Undefined when the lease was removed meanwhile, or can't be read yet. */
  lease(entry: TableEntry): Lease | undefined {
    const { numbers, slotBytes } = this.#viewOf(entry.slot);
    const label = numbers[((entry.slot & placeMask) * slotBytes) / 4 + labelAt] ?? 0;
    // The label's segment may not have been added yet.
    if (label >> placeBits >= this.#views.length) return undefined;
    const taskId = this.#textOf(entry.slot);
    const labelText = this.#textOf(label);
    const { numbers: labelNumbers, slotBytes: labelBytes } = this.#viewOf(label);
    const queueLength = labelNumbers[((label & placeMask) * labelBytes) / 4 + queueLengthAt] ?? 0;
    // The check comes last: a lease that is still there proves that nobody wrote to its slot or label meanwhile.
    if (!this.isThere(entry)) return undefined;
    return { queue: labelText.slice(0, queueLength), taskId, token: labelText.slice(queueLength) };
  }

  isThere({ slot, state }: TableEntry): boolean {
    const { numbers, slotBytes } = this.#viewOf(slot);
    // To add 0 reads the newest value, and no earlier read can move behind it.
    const now = Atomics.add(numbers, ((slot & placeMask) * slotBytes) / 4 + stateAt, 0);
    return (now & ~doubtful) === state;
  }

  /** Tells the other side, and other readers, that the lease was extended, and to when. */
  extended({ slot, state }: TableEntry, { leaseEnd, leaseEndsAt }: LeaseEnd): void {
    const { numbers, times, slotBytes } = this.#viewOf(slot);
    const start = (slot & placeMask) * slotBytes;
    times[start / 8 + extendedEndAt] = leaseEnd;
    times[start / 8 + extendedEndsAtAt] = leaseEndsAt;
    // The state says which lease was extended. Another lease in this slot has another state and ignores it.
    Atomics.store(numbers, start / 4 + extendedStateAt, state);
  }

  /** Returns whether the doubt changed. False also when the lease was removed meanwhile. */
  setDoubt({ slot, state }: TableEntry, isInDoubt: boolean): boolean {
    const { numbers, slotBytes } = this.#viewOf(slot);
    const at = ((slot & placeMask) * slotBytes) / 4 + stateAt;
    const [from, to] = isInDoubt ? [state, state | doubtful] : [state | doubtful, state];
    return Atomics.compareExchange(numbers, at, from, to) === from;
  }

  #textOf(slot: number): string {
    const { numbers, bytes, slotBytes } = this.#viewOf(slot);
    const start = (slot & placeMask) * slotBytes;
    const textBytes = numbers[start / 4 + textBytesAt] ?? 0;
    return bytes.toString("utf8", start + textAt, Math.min(start + textAt + textBytes, start + slotBytes));
  }

  #viewOf(slot: number): Segment {
    // Slots come from `entries`, which goes over the views.
    return this.#views[slot >> placeBits] as Segment;
  }
}

function mostBytesOf(text: string): number {
  return text.length * 3 <= usualSlotBytes - textAt ? text.length * 3 : Buffer.byteLength(text);
}
