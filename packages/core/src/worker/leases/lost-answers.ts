import type { Broker } from "../../broker/broker.ts";
import { leaseToken } from "../../broker/lease-token.ts";
import { isSurelyNotDone } from "../../errors.ts";
import type { Clock } from "../../runtime/clock.ts";

/** How long we look for tasks of a lost call. A call that lay in a buffer on the way may reach the store this late. */
const lookForMs = 15_000;
const mostRemembered = 1_000;

/** One call that leases tasks. */
export interface LeasingCall {
  /** The token of the leases that it gives. */
  readonly token: string;
  /**
   * Called with the error when the call failed. Unless the error excludes it, the store may have carried the call out.
   */
  failed(error: unknown): void;
}

interface LostAnswer {
  readonly queues: ReadonlySet<string>;
  /** The last time at which the store could be reached. The time to look for the tasks starts here. */
  since: number;
}

/**
 * Remembers the tokens of calls whose answer was lost. Nobody holds the tasks leased under such a token: they can be
 * taken back at once. Calls that the store refused are not remembered, nor calls that were not sent because the store
 * was away.
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

  /** Called when the store can be reached again: late calls can arrive only from now on. */
  reached(): void {
    this.#timesReached++;
    const now = this.#clock.monotonic();
    for (const answer of this.#lost.values()) answer.since = now;
  }

  /** Tokens under which tasks of the queue may be leased though nobody holds them. */
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
