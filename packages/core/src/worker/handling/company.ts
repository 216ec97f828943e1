/** Beside any number of others. */
export const anyCompany = Number.POSITIVE_INFINITY;

/** One death proves nothing: whoever kills a worker with `kill -9` hits all that it runs. */
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
  /** Of those that run or wait and bear no more than so many, themselves included. */
  readonly #limits: number[] = [];
  readonly #onRoom = new Set<() => void>();

  /** How many more may begin; none while one waits until it may. */
  get room(): number {
    if (this.#limits.length === 0) return anyCompany;
    return Math.min(...this.#limits) - this.#running - this.#waiting;
  }

  /** Begins, where there is room; `leave` is owed then. */
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

  /** Begins, whether or not there is room; `leave(anyCompany)` is owed. */
  enterAnyway(): void {
    this.#begin(anyCompany);
  }

  /** Whether who waited may begin now, and has: `leave` is owed then. */
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

  /** Calls back whenever there may be room that there was not before; gives what ends that. */
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
