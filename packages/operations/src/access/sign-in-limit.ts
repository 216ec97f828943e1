import { RequestProblem } from "../problems/request-problem.ts";

const windowMs = 60_000;
const mostFailures = 10;
const mostAddresses = 10_000;

interface Failures {
  count: number;
  readonly since: number;
}

/**
 * Bounds how often somebody may guess what can be guessed: ten wrong passwords or keys a minute from one address. Counted
 * in this process; with more than 10,000 addresses at once, the oldest count makes room.
 */
export class SignInLimit {
  readonly #failures = new Map<string, Failures>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @throws RequestProblem `rate_limited` for an address that has guessed too often. */
  check(address: string | undefined): void {
    const failures = this.#current(address);
    if (failures === undefined || failures.count < mostFailures) return;
    const seconds = Math.max(1, Math.ceil((failures.since + windowMs - this.#now()) / 1_000));
    throw new RequestProblem("rate_limited", `Too many wrong passwords or keys; try again in ${seconds} seconds.`, {
      headers: { "Retry-After": String(seconds) },
    });
  }

  failed(address: string | undefined): void {
    const name = address ?? "";
    const failures = this.#current(address);
    if (failures !== undefined) failures.count++;
    else {
      const [oldest] = this.#failures.keys();
      if (this.#failures.size >= mostAddresses && oldest !== undefined) this.#failures.delete(oldest);
      this.#failures.set(name, { count: 1, since: this.#now() });
    }
  }

  #current(address: string | undefined): Failures | undefined {
    const name = address ?? "";
    const failures = this.#failures.get(name);
    if (failures === undefined || failures.since + windowMs > this.#now()) return failures;
    this.#failures.delete(name);
    return undefined;
  }
}
