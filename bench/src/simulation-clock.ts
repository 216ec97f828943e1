import type { Clock, Timer } from "hikyaku";

interface WaitingTimer {
  readonly at: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** What fires within this time fires together: far below every period that matters here. */
const quantumMs = 20;

/** Time that runs as fast as the program can go through what is due, for thousands of timers. */
export class VirtualClock implements Clock {
  readonly #startedAt: number;
  #now: number;
  /** A heap: each timer is due no later than its children at twice its place, and one more. */
  readonly #heap: WaitingTimer[] = [];

  constructor(startsAt = Date.UTC(2026, 0, 1, 12)) {
    this.#startedAt = startsAt;
    this.#now = startsAt;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#startedAt;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer: WaitingTimer = { at: this.#now + Math.max(0, delayMs), callback, cancelled: false };
    this.#push(timer);
    return {
      cancel: () => {
        timer.cancelled = true;
      },
    };
  }

  /** Lets this much time pass, with all that it brings. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    while (this.#now < end) {
      const quantumEnd = Math.min(end, Math.max(this.#now, this.#heap[0]?.at ?? end) + quantumMs);
      for (let next = this.#heap[0]; next !== undefined && next.at <= quantumEnd; next = this.#heap[0]) {
        this.#pop();
        if (next.cancelled) continue;
        this.#now = Math.max(this.#now, next.at);
        next.callback();
      }
      this.#now = quantumEnd;
      // What was called answers in promises, and what hears the answers may go on in the next turn.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #push(timer: WaitingTimer): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(timer);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.at <= timer.at) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = place * 2 + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left === undefined) break;
      if (right !== undefined && right.at < left.at) below++;
      const child = heap[below];
      if (child === undefined || child.at >= last.at) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
  }
}
