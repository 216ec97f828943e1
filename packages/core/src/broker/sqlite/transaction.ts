import type { Signal } from "../signal-facet.ts";
import type { Database } from "./database.ts";
import { Tally } from "./tally.ts";

/** One call's part of a commit: where it reads and writes, and what the end of the commit has to know of it. */
export class Transaction {
  readonly db: Database;
  readonly now: number;
  /**
   * Whether the call runs once more, because one of its commit has thrown. What needs to know more than the quick way tells
   * throws in a first run, and takes the thorough way in the second.
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

  /** The next free place at the end of a queue, or the first of so many. */
  backOf(queue: string, count = 1): number {
    const last = this.#backs.get(queue) ?? positionOf(this.db.get(lastPosition, queue));
    this.#backs.set(queue, last + count);
    this.#changedForOthers = true;
    return last + 1;
  }

  /** The place before the task that is next in line. */
  frontOf(queue: string): number {
    this.#changedForOthers = true;
    return positionOf(this.db.get(firstPosition, queue)) - 1;
  }

  /** To be called when tasks can be claimed now that could not before, other than by a new place in a queue. */
  changesWork(): void {
    this.#changedForOthers = true;
  }

  /** Leaves a word for every process on this file. */
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
