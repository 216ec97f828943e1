import { tellAll } from "../../runtime/guarded-call.ts";
import type { CallOptions } from "../call-options.ts";
import type { HeardSignal, Signal, SignalFacet } from "../signal-facet.ts";
import type { Database } from "./database.ts";
import type { Store } from "./store.ts";

/** Signals lie in the file for a minute, so that every process on it can read them. All listeners share one reading. */
export class SqliteSignals implements SignalFacet {
  readonly #store: Store;
  readonly #handlers = new Set<(signal: HeardSignal) => void>();
  #unsubscribe: (() => void) | undefined;
  /** The last signal that was read. Undefined while the file could not be read yet. */
  #lastNumber: number | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  send(signal: Signal, call?: CallOptions): Promise<void> {
    return this.#store.write(call, 1, (transaction) => transaction.signal(signal));
  }

  listen(handler: (signal: HeardSignal) => void): () => void {
    const own = (signal: HeardSignal) => handler(signal);
    if (this.#handlers.size === 0) {
      this.#lastNumber = this.#store.peek(lastNumber);
      this.#unsubscribe = this.#store.changes.subscribe(() => this.#deliver());
    }
    this.#handlers.add(own);
    return () => {
      this.#handlers.delete(own);
      if (this.#handlers.size === 0) this.#unsubscribe?.();
    };
  }

  #deliver(): void {
    const after = this.#lastNumber;
    const heard: HeardSignal[] = [];
    const rows = this.#store.peek((db) => {
      // After a time without the file, older signals are too old to act on.
      if (after === undefined) {
        this.#lastNumber = lastNumber(db);
        heard.push({ kind: "listening" });
      }
      return after === undefined ? [] : db.all(selectSignals, after);
    });
    for (const row of rows ?? []) {
      this.#lastNumber = Number(row["number"]);
      const signal = signalOf(String(row["signal"]));
      if (signal !== undefined) heard.push(signal);
    }
    for (const signal of heard) tellAll(this.#handlers, signal, "a listener of signals");
  }
}

/** Undefined when it is not a signal: signals are best effort, and one must not block the next. */
function signalOf(json: string): Signal | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && "kind" in value ? (value as Signal) : undefined;
  } catch {
    return undefined;
  }
}

function lastNumber(db: Database): number {
  return Number(db.get(selectLast)?.["number"] ?? 0);
}

const selectLast = "SELECT seq AS number FROM sqlite_sequence WHERE name = 'signals'";
const selectSignals = "SELECT number, signal FROM signals WHERE number > ? ORDER BY number";
