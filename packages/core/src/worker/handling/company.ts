/** Beside any number of others. */
export const anyCompany = Number.POSITIVE_INFINITY;

/** One death proves nothing: `kill -9` on a worker hits all tasks that it runs. */
const harmlessLosses = 1;

/**
 * How many tasks may run at once in the process of a task that was there when so many workers died, itself included.
 * Each death after the first leaves a tenth, until the task runs alone. So a task that kills its workers is told apart
 * from its neighbours within a few deaths. Tasks hit by a few kills from outside can still run together.
 */
export function companyOf(lostAttempts: number, concurrency: number): number {
  if (lostAttempts <= harmlessLosses) return anyCompany;
  return Math.max(1, Math.floor(concurrency / 10 ** (lostAttempts - harmlessLosses)));
}

/** All that runs users' code for tasks in this process, and how many of them may do so at once. */
export class Company {
  #running = 0;
  #waiting = 0;
  /** The limits of those that run or wait: how many may run at once, themselves included. */
  readonly #limits: number[] = [];
  readonly #onRoom = new Set<() => void>();

  /** How many more may begin. None while a task waits until it may. */
  get room(): number {
    if (this.#limits.length === 0) return anyCompany;
    return Math.min(...this.#limits) - this.#running - this.#waiting;
  }

  /** Begins if there is room. The caller then owes `leave`. */
  enter(limit: number): boolean {
    if (Math.min(limit - this.#running - this.#waiting, this.room) < 1) return false;
    this.#begin(limit);
    return true;
  }

  /** Waits for room: nobody begins meanwhile. Ends with `enterAtLast` or `giveUp`. */
  wait(limit: number): void {
    this.#waiting++;
    this.#limits.push(limit);
  }

  /** Begins, whether or not there is room. The caller then owes `leave(anyCompany)`. */
  enterAnyway(): void {
    this.#begin(anyCompany);
  }

  /** Begins what waited, if it may begin now. Returns whether it did; the caller then owes `leave`. */
  enterAtLast(limit: number): boolean {
    if (this.#running >= Math.min(...this.#limits)) return false;
    this.giveUp(limit);
    this.#begin(limit);
    return true;
  }

  giveUp(limit: number): void {
    this.#waiting--;
    this.#forget(limit);
  }

  leave(limit: number): void {
    this.#running--;
    if (limit !== anyCompany) this.#forget(limit);
    else if (this.#limits.length > 0) this.#tell();
  }

  /** Calls back whenever there may be new room, until the returned function is called. */
  onRoom(listener: () => void): () => void {
    this.#onRoom.add(listener);
    return () => this.#onRoom.delete(listener);
  }

  #begin(limit: number): void {
    this.#running++;
    if (limit !== anyCompany) this.#limits.push(limit);
  }

  #forget(limit: number): void {
    this.#limits.splice(this.#limits.indexOf(limit), 1);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#onRoom) listener();
  }
}

/** A worker's death ends all servers of its process, so they share this. */
export const companyOfProcess = new Company();
