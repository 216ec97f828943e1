import type { Broker, Clock, Inspector } from "hikyaku";
import { changeSlice } from "./change-slice.ts";
import type { KeptOperation, OperationStore, RecordBroker } from "./operation-store.ts";
import { hasEnded, type Slice, type SliceOutcomes, type StoredOperation } from "./stored-operation.ts";
import { nextStep, type WalkedBroker } from "./task-walk.ts";

/** The parts of a broker that operations use. */
export type BulkBroker = RecordBroker & WalkedBroker & Pick<Broker, "change">;

export interface TurnParts {
  readonly broker: BulkBroker;
  readonly inspector: Inspector;
  readonly store: OperationStore;
  readonly clock: Clock;
  /** Names this process. */
  readonly owner: string;
  /** Fires when this process ends. */
  readonly signal: AbortSignal;
  /** Lets others use the store. */
  pause(tookMs: number): Promise<void>;
}

/** `later`: it goes on in another turn. `taken`: another process works on it. */
export type TurnEnd = "ended" | "later" | "taken";

/** Longer than a slice takes, with all the waiting for the store. */
export const leaseMs = 30_000;
const slicesOfTurn = 20;
const mostKept = 5_000;

/**
 * One process' work on one operation, for some slices. Each slice is noted before it is changed, and its outcomes are kept
 * before the next one is: whoever goes on after a death knows what was begun. A write by somebody else ends the turn.
 */
export class OperationTurn {
  readonly #parts: TurnParts;
  #kept: KeptOperation;
  /** As it is to be written next. */
  #now: StoredOperation;

  constructor(parts: TurnParts, kept: KeptOperation) {
    this.#parts = parts;
    this.#kept = kept;
    this.#now = kept.operation;
  }

  /** @throws HikyakuError when the store is away. Another turn goes on from there. */
  async run(): Promise<TurnEnd> {
    const { store, clock, signal } = this.#parts;
    if (hasEnded(this.#now)) {
      await store.tidyUp(this.#kept);
      return "ended";
    }
    const { state, startedAt, begun } = this.#now;
    if (!(await this.#write({ state: state === "waits" ? "running" : state, startedAt: startedAt ?? clock.now() }))) {
      return "taken";
    }
    if (begun) await this.#resume();
    for (let slices = 0; slices < slicesOfTurn && !signal.aborted; slices++) {
      const from = clock.monotonic();
      const next = await this.#slice();
      if (next !== "goes on") return next;
      await this.#parts.pause(clock.monotonic() - from);
    }
    return (await this.#write({}, true)) ? "later" : "taken";
  }

  /** Gives up for good. */
  async fail(problem: string): Promise<void> {
    const endedAt = this.#parts.clock.now();
    // What is left of the walk may be what can't be written.
    const rest = { current: null, begun: false, ahead: null, place: null };
    if (await this.#write({ ...rest, state: "failed", endedAt, problem }, true)) {
      await this.#parts.store.tidyUp(this.#kept);
    }
  }

  async #slice(): Promise<TurnEnd | "goes on"> {
    if (this.#isAborting()) return this.#end("aborted");
    const ahead = this.#now.walked ? undefined : await this.#read();
    const { current } = this.#now;
    if (current === null) {
      if (ahead === undefined && this.#now.walked) return this.#end("done");
      if (!(await this.#write({ current: ahead ?? null }))) return "taken";
      return "goes on";
    }
    if (!(await this.#write({ begun: true, ahead: ahead ?? null }))) return "taken";
    // The write may have found that somebody asked for its end.
    if (this.#isAborting()) return this.#end("aborted");
    await this.#change(current, false);
    return "goes on";
  }

  /** A slice was begun, and nobody knows how it ended. */
  async #resume(): Promise<void> {
    const { current, state } = this.#now;
    if (current === null) return;
    const known = await this.#parts.store.keptOutcomes(this.#kept.id, current.number);
    if (known !== undefined) {
      this.#count(known, known);
    } else if (state === "aborting") {
      await this.#keep(current, {
        queue: current.queue,
        tasks: current.ids.map((id) => [id, "perhaps_done", null]),
      });
    } else {
      await this.#change(current, true);
    }
  }

  async #change(slice: Slice, isRepeated: boolean): Promise<void> {
    const { broker, inspector } = this.#parts;
    await this.#keep(slice, await changeSlice(broker, inspector, this.#now.action, slice, isRepeated));
  }

  /** Keeps so many outcomes as there is room for, and counts them all. */
  async #keep({ number }: Slice, outcomes: SliceOutcomes): Promise<void> {
    const { kept } = this.#now;
    const room = { done: mostKept - kept.done, others: mostKept - kept.others };
    const tasks = outcomes.tasks.filter(([, outcome]) => (outcome === "done" ? room.done-- : room.others--) > 0);
    const some = { ...outcomes, tasks };
    const known = tasks.length === 0 ? some : await this.#parts.store.keepOutcomes(this.#kept.id, number, some);
    const isWhole = tasks.length === outcomes.tasks.length;
    this.#count(isWhole ? known : outcomes, known);
  }

  #count(outcomes: SliceOutcomes, keptOnes: SliceOutcomes): void {
    const counts = { ...this.#now.counts };
    for (const [, outcome] of outcomes.tasks) counts[outcome]++;
    const { kept } = this.#now;
    const done = keptOnes.tasks.filter(([, outcome]) => outcome === "done").length;
    this.#now = {
      ...this.#now,
      counts,
      kept: { done: kept.done + done, others: kept.others + keptOnes.tasks.length - done },
      current: this.#now.ahead,
      begun: false,
      ahead: null,
    };
  }

  async #read(): Promise<Slice | undefined> {
    const { broker, inspector } = this.#parts;
    const { action, place, slices, lookedAt } = this.#now;
    const step = await nextStep(broker, inspector, action, this.#kept.request, place);
    this.#now = {
      ...this.#now,
      place: step.place ?? place,
      walked: step.place === undefined,
      lookedAt: lookedAt + step.scanned,
      slices: slices + (step.slice === undefined ? 0 : 1),
    };
    return step.slice && { ...step.slice, number: slices };
  }

  #isAborting(): boolean {
    return this.#now.state === "aborting";
  }

  async #end(state: "done" | "aborted"): Promise<TurnEnd> {
    const ended = { state, endedAt: this.#parts.clock.now(), current: null, ahead: null, place: null, begun: false };
    if (!(await this.#write(ended, true))) return "taken";
    await this.#parts.store.tidyUp(this.#kept);
    return "ended";
  }

  /** False when somebody else works on it. Whoever asked for its end has written it too: that leaves it ours. */
  async #write(changes: Partial<StoredOperation>, isLast = false): Promise<boolean> {
    const { store, clock, owner } = this.#parts;
    const lease = isLast ? null : { owner, until: clock.now() + leaseMs };
    let written = await store.write(this.#kept, { ...this.#now, ...changes, lease });
    if (written === undefined) {
      const found = await store.get(this.#kept.id);
      if (found?.operation.lease?.owner !== owner || found.operation.state !== "aborting") return false;
      this.#now = { ...this.#now, state: "aborting" };
      const { state = "aborting", ...others } = changes;
      const kept = { ...this.#now, ...others, state: state === "running" ? "aborting" : state } as const;
      written = await store.write(found, { ...kept, lease });
      if (written === undefined) return false;
    }
    this.#kept = written;
    this.#now = written.operation;
    return true;
  }
}
