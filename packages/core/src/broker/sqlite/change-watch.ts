/** How soon a commit of another process is noticed, at the latest. */
const pollIntervalMs = 10;

/** All watches of this process by the file that they watch. */
const watchesByFile = new Map<string, Set<ChangeWatch>>();

/**
 * Calls back when the file may have changed in a way that somebody waits for. A commit of this process is told at once,
 * one of another process within some 10 ms. Polls only while somebody listens.
 */
export class ChangeWatch {
  readonly #file: string;
  readonly #dataVersion: () => number | undefined;
  readonly #listeners = new Set<() => void>();
  #lastVersion: number | undefined;
  #poll: NodeJS.Timeout | undefined;
  #wakeQueued = false;

  /** `dataVersion` answers a number that changes once another connection has written. Undefined while cut off. */
  constructor(file: string, dataVersion: () => number | undefined) {
    this.#file = file;
    this.#dataVersion = dataVersion;
  }

  /** Calls `listener` after changes, sometimes without need, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** Tells every watch of this process on the same file. */
  announce(): void {
    for (const watch of watchesByFile.get(this.#file) ?? []) watch.wake();
  }

  /** Calls this watch's own listeners, once for any number of calls in a turn of the event loop. */
  wake(): void {
    if (this.#wakeQueued || this.#listeners.size === 0) return;
    this.#wakeQueued = true;
    setImmediate(() => {
      this.#wakeQueued = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #start(): void {
    let watches = watchesByFile.get(this.#file);
    if (watches === undefined) {
      watches = new Set();
      watchesByFile.set(this.#file, watches);
    }
    watches.add(this);
    this.#lastVersion = this.#dataVersion();
    // A wait keeps the process alive by a timer of its own. Listening for signals alone must not.
    this.#poll = setInterval(() => this.#look(), pollIntervalMs).unref();
  }

  #stop(): void {
    clearInterval(this.#poll);
    const watches = watchesByFile.get(this.#file);
    watches?.delete(this);
    if (watches?.size === 0) watchesByFile.delete(this.#file);
  }

  #look(): void {
    const version = this.#dataVersion();
    if (version === this.#lastVersion) return;
    this.#lastVersion = version;
    this.wake();
  }
}
