import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";
import { errorText, HikyakuError } from "../../errors.ts";

/** The system's calls. A test can replace them. */
export interface Disk {
  /** Syncs in another thread. */
  sync(descriptor: number, done: (error: Error | null) => void): void;
  /**
   * Syncs in this thread.
   * @throws Error
   */
  syncNow(descriptor: number): void;
}

const systemDisk: Disk = {
  sync: (descriptor, done) => fdatasync(descriptor, done),
  syncNow: (descriptor) => fdatasyncSync(descriptor),
};

/** After a small commit, a disk that is as fast as this is waited for: a change of threads costs more. */
const shortMs = 1;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Brings what was committed onto the disk while the event loop goes on. It syncs the write-ahead log, as SQLite itself
 * would at the end of each commit with `synchronous = FULL`, but in another thread. Commits made while the disk works
 * share the next sync.
 *
 * SQLite takes no locks on the log. So closing the log here releases none of SQLite's locks.
 */
export class LogFlush {
  readonly #path: string;
  readonly #disk: Disk;
  #descriptor: number | undefined;
  #waiting: Waiting[] = [];
  #isUnderWay = false;
  #isClosed = false;
  /** How long the last sync took. */
  #tookMs = Number.POSITIVE_INFINITY;

  constructor(path: string, disk: Disk = systemDisk) {
    this.#path = path;
    this.#disk = disk;
  }

  /**
   * Resolves when all earlier commits are on the disk. `isSmall`: there is little else to do meanwhile.
   * @throws HikyakuError `answer_lost`.
   */
  async flushed(isSmall: boolean): Promise<void> {
    if (isSmall && !this.#isUnderWay && this.#tookMs < shortMs) this.#flushNow();
    else await this.#flushLater();
  }

  #flushNow(): void {
    const startedAt = performance.now();
    try {
      this.#descriptor ??= openSync(this.#path, "r+");
      this.#disk.syncNow(this.#descriptor);
    } catch (error) {
      throw this.#failure(error);
    }
    this.#tookMs = performance.now() - startedAt;
  }

  #flushLater(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      // A sync that is under way may miss what was committed since it began.
      if (!this.#isUnderWay) this.#begin();
    });
  }

  /** Closes the log as soon as nobody waits. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isUnderWay) this.#letGo();
  }

  #begin(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#isUnderWay = true;
    const startedAt = performance.now();
    try {
      this.#descriptor ??= openSync(this.#path, "r+");
      this.#disk.sync(this.#descriptor, (error) => {
        this.#tookMs = performance.now() - startedAt;
        this.#end(waiting, error);
      });
    } catch (error) {
      this.#end(waiting, error);
    }
  }

  #end(waiting: readonly Waiting[], error: unknown): void {
    this.#isUnderWay = false;
    for (const { resolve, reject } of waiting) {
      if (error === null) resolve();
      else reject(this.#failure(error));
    }
    if (this.#waiting.length > 0) this.#begin();
    else if (this.#isClosed) this.#letGo();
  }

  #failure(error: unknown): HikyakuError {
    return new HikyakuError(
      "answer_lost",
      `what was committed to ${this.#path} may not be on the disk, which refused to store it: ${errorText(error)}; ` +
        "look after the disk, and whether the task is there before you enqueue it again",
      { cause: error },
    );
  }

  #letGo(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
