import type { Signal } from "../signal-facet.ts";
import type { Database } from "./database.ts";
import { Tally } from "./tally.ts";

/** One call's part of a commit: it reads and writes here, and notes what the end of the commit must know. */
export class Transaction {
  readonly db: Database;
  readonly now: number;
  /**
   * Whether the call runs once more, because a call of the same commit has thrown. A call that needs to know more than
   * the quick way tells throws in its first run, and takes the thorough way in the second.
   */
  readonly isSecondRun: boolean;
  readonly tally = new Tally();
  readonly #backs = new Map<string, number>();
  #changedForOthers = false;

  constructor(db: Database, now: number, isSecondRun: boolean) {
    this.db = db;
    this.now = now;
    this.isSecondRun = isSecondRun;
  }

  /** Whether somebody may be waiting for what was written. */
  get changedForOthers(): boolean {
    return this.#changedForOthers;
  }

  /** The next free place at the end of a queue. With `count`: the first of so many. */
  backOf(queue: string, count = 1): number {
    const last = this.#backs.get(queue) ?? positionOf(this.db.get(lastPosition, queue));
    this.#backs.set(queue, last + count);
    this.#changedForOthers = true;
    return last + 1;
  }

  /** The place in front of the next task in line. */
  frontOf(queue: string): number {
    this.#changedForOthers = true;
    return positionOf(this.db.get(firstPosition, queue)) - 1;
  }

  /** Call it when tasks can now be claimed for another reason than a new place in line. */
  changesWork(): void {
    this.#changedForOthers = true;
  }

  /** Leaves a signal for every process on this file. */
  signal(signal: Signal): void {
    const { number } = this.db.get(insertSignal, this.now, JSON.stringify(signal)) ?? {};
    if (Number(number) % signalsBetweenPrunings === 0) this.db.run(pruneSignals, this.now - signalLifeMs);
    this.#changedForOthers = true;
  }
}

/** Long enough for a process that was stopped for a moment, short enough to keep the table small. */
const signalLifeMs = 60_000;
const signalsBetweenPrunings = 64;

function positionOf(row: { position?: unknown } | undefined): number {
  return typeof row?.position === "number" ? row.position : 0;
}

const lastPosition = "SELECT max(position) AS position FROM tasks WHERE queue = ? AND position IS NOT NULL";
const firstPosition = "SELECT min(position) AS position FROM tasks WHERE queue = ? AND position IS NOT NULL";
const insertSignal = "INSERT INTO signals (sent_at, signal) VALUES (?, ?) RETURNING number";
const pruneSignals = "DELETE FROM signals WHERE sent_at < ?";
