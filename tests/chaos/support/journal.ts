import { closeSync, openSync, readSync, writeSync } from "node:fs";

/**
 * What processes of a schedule tell of themselves, one JSON line each, into one file that is only ever added to. A line
 * is written before whatever comes after it, so it outlives the process.
 */
export type Deed =
  /** A worker works from now on. */
  | { readonly e: "up"; readonly server: string }
  /** The store leased a task to this process, until a moment of this process's clock. */
  | { readonly e: "lease"; readonly id: string; readonly token: string; readonly until: number }
  | { readonly e: "extended"; readonly id: string; readonly token: string; readonly until: number }
  | { readonly e: "gone"; readonly id: string; readonly token: string }
  /** An outcome is about to be sent. */
  | {
      readonly e: "settling";
      readonly id: string;
      readonly token: string;
      readonly queue: string;
      readonly kind: string;
      readonly counted: boolean;
    }
  | { readonly e: "settled"; readonly id: string; readonly token: string; readonly result: string }
  /** A handler begins, and ends. */
  | {
      readonly e: "start";
      readonly id: string;
      readonly type: string;
      readonly queue: string;
      readonly attempt: number;
      readonly key: string;
      readonly members?: readonly string[];
    }
  | { readonly e: "end"; readonly id: string; readonly how: "ok" | "failed" | "aborted"; readonly why?: string }
  /** A handler ends its own process. */
  | { readonly e: "dies" }
  | { readonly e: "log"; readonly level: string; readonly text: string };

/** A deed, who did it and when, on the machine's own wall clock. */
export type JournalLine = Deed & { readonly t: number; readonly by: string };

/** Opens a journal to write into; what it gives back adds one line, at once. */
export function openJournal(path: string, by: string): (deed: Deed) => void {
  const file = openSync(path, "a");
  return (deed) => void writeSync(file, `${JSON.stringify({ t: Date.now(), by, ...deed })}\n`);
}

/** Reads a journal while others write it: what is new is read, the rest is remembered. */
export class JournalReader {
  readonly #path: string;
  readonly #lines: JournalLine[] = [];
  #file: number | undefined;
  #position = 0;
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** Everything that was written so far, in the order in which it was. */
  get lines(): readonly JournalLine[] {
    this.#file ??= openSync(this.#path, "a+");
    const chunk = Buffer.alloc(65_536);
    for (;;) {
      const size = readSync(this.#file, chunk, 0, chunk.length, this.#position);
      if (size === 0) return this.#lines;
      this.#position += size;
      // Names and keys are ASCII, so a chunk may end anywhere.
      const parts = (this.#rest + chunk.toString("latin1", 0, size)).split("\n");
      this.#rest = parts.pop() ?? "";
      for (const line of parts) this.#lines.push(JSON.parse(line) as JournalLine);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
