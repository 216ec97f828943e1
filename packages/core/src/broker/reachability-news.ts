import type { Clock } from "../runtime/clock.ts";
import { tellAll } from "../runtime/guarded-call.ts";
import type { Reachability } from "./broker.ts";

/** Whether a store will probably answer, and the listeners that hear when that changes. */
export class ReachabilityNews {
  readonly #clock: Pick<Clock, "now">;
  readonly #listeners = new Set<(reachability: Reachability) => void>();
  #latest: Reachability;

  /** Not reachable at first. */
  constructor(clock: Pick<Clock, "now">, reason: string) {
    this.#clock = clock;
    this.#latest = { reachable: false, since: clock.now(), reason };
  }

  get latest(): Reachability {
    return this.#latest;
  }

  /** Calls back at each change until the returned function is called. */
  listen(listener: (reachability: Reachability) => void): () => void {
    const own = (reachability: Reachability): void => listener(reachability);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Calls back no listener any more. */
  close(): void {
    this.#listeners.clear();
  }

  /** Tells the listeners of a change. When only the reason changes, `since` stays. */
  set(reachable: boolean, reason: string | undefined): void {
    const before = this.#latest;
    if (before.reachable === reachable && before.reason === reason) return;
    const since = before.reachable === reachable ? before.since : this.#clock.now();
    this.#latest = { reachable, since, reason };
    tellAll(this.#listeners, this.#latest, "a listener of onReachability");
  }
}
