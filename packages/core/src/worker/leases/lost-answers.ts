import type { Broker } from "../../broker/broker.ts";
import { leaseToken } from "../../broker/lease-token.ts";
import { isSurelyNotDone } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";

/** A call that reached the store late, from a buffer on the way, may still lease tasks: how long we look for that. */
const lookForMs = 15_000;
const mostRemembered = 1_000;

/** One call that leases tasks. */
export interface LeasingCall {
  /** For the leases that it gives. */
  readonly token: string;
  /** To be called when it failed, with what was thrown: unless that says no, the store may have carried it out all the same. */
  failed(error: unknown): void;
}

interface LostAnswer {
  readonly queues: ReadonlySet<string>;
  /** When the store last could have been heard of; the time to look for starts there. */
  since: number;
}

/**
 * Remembers the tokens of calls whose answer was lost. Tasks leased under such a token are held by nobody: they can be
 * taken back at once. Calls that the store refused, or that were refused because it was away, are not among them.
 */
export class LostAnswers {
  readonly #serverId: string;
  readonly #clock: Clock;
  readonly #onLost: (queues: ReadonlySet<string>) => void;
  readonly #lost = new Map<string, LostAnswer>();
  readonly #isReachable: () => boolean;
  #calls = 0;
  #timesReached = 0;

  constructor(
    broker: Pick<Broker, "reachability">,
    serverId: string,
    clock: Clock,
    onLost: (queues: ReadonlySet<string>) => void,
  ) {
    this.#serverId = serverId;
    this.#clock = clock;
    this.#onLost = onLost;
    this.#isReachable = () => broker.reachability().reachable;
  }

  begin(queues: readonly string[]): LeasingCall {
    const token = leaseToken(this.#serverId, ++this.#calls, this.#clock.now());
    const wasReachable = this.#isReachable();
    const timesReached = this.#timesReached;
    return {
      token,
      failed: (error) => {
        if (isSurelyNotDone(error)) return;
        if (wasReachable || timesReached !== this.#timesReached || this.#isReachable()) this.#note(token, queues);
      },
    };
  }

  /** To be called when the store can be reached again: only now can late calls arrive. */
  reached(): void {
    this.#timesReached++;
    const now = this.#clock.monotonic();
    for (const answer of this.#lost.values()) answer.since = now;
  }

  /** Tokens under which tasks of the queue may be leased without anybody knowing. */
  tokensOf(queue: string): readonly string[] {
    const now = this.#clock.monotonic();
    for (const [token, { since }] of this.#lost) {
      if (this.#isReachable() && now - since > lookForMs) this.#lost.delete(token);
    }
    return [...this.#lost].filter(([, { queues }]) => queues.has(queue)).map(([token]) => token);
  }

  #note(token: string, queues: readonly string[]): void {
    const names = new Set(queues);
    this.#lost.set(token, { queues: names, since: this.#clock.monotonic() });
    const [oldest] = this.#lost.keys();
    if (this.#lost.size > mostRemembered && oldest !== undefined) this.#lost.delete(oldest);
    this.#onLost(names);
  }
}
