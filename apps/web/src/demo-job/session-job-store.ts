import { parseSessionJobs, type SessionJob, storedText } from "./session-jobs.ts";

/** Where a list of jobs outlives a reload. */
export interface JobShelf {
  read(): string | null;
  write(text: string): void;
}

/** The jobs that a page shows, newest first. Tells its listeners of each change and puts it on the shelf. */
export class SessionJobStore {
  readonly #shelf: JobShelf | undefined;
  readonly #listeners = new Set<() => void>();
  #jobs: readonly SessionJob[];

  /** Without a shelf the jobs live as long as the page. */
  constructor(shelf?: JobShelf, jobs: readonly SessionJob[] = parseSessionJobs(shelf?.read() ?? null)) {
    this.#shelf = shelf;
    this.#jobs = jobs;
  }

  /** The list as it is now; the same object until something changes. */
  readonly jobs = (): readonly SessionJob[] => this.#jobs;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  update(change: (jobs: readonly SessionJob[]) => readonly SessionJob[]): void {
    this.#jobs = change(this.#jobs);
    this.#shelf?.write(storedText(this.#jobs));
    for (const listener of this.#listeners) listener();
  }
}
