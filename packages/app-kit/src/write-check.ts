import { type Broker, errorText, isHikyakuError } from "hikyaku";
import type { FailingWrites } from "hikyaku/broker";

/** What fails, since when, and the store's error. */
export type WriteTrouble =
  /** A probe failed, so every write fails. */
  | { readonly kind: "writes"; readonly since: number; readonly reason: string }
  /** Calls of one kind fail again and again although a probe does not. */
  | { readonly kind: "calls"; readonly calls: FailingWrites };

interface Probed {
  readonly at: number;
  /** How many calls had failed when it began. */
  readonly failedCalls: number;
  readonly refusal: { readonly since: number; readonly reason: string } | undefined;
}

/** How long a successful probe counts, and how long calls that wrote are believed. */
const wellForMs = 3_000;
/** A failed probe is repeated sooner, so that a store that is back is used again. */
const refusedForMs = 1_000;
/** A refusal that concerns a single task ends with that task. So many refusals, for so long, are the store's. */
const stubbornCalls = 5;
const stubbornMs = 10_000;
/** When probes succeed and nobody has seen calls fail for so long, the calls count as well again. */
const overAfterMs = 15_000;
/** Most queues that one probe looks at. The next probe goes on behind them. */
const mostQueues = 32;

/**
 * Whether the store takes what is written. The calls of this process tell while they write. When they don't, or some of
 * them fail, the store is probed: only when somebody asks, and every few seconds at most.
 */
export class WriteCheck {
  readonly #broker: Pick<Broker, "writeHealth" | "probeWrites">;
  readonly #queues: readonly string[];
  #looked: { readonly at: number; readonly written: number } | undefined;
  #probed: Probed | undefined;
  #underWay: Promise<Probed> | undefined;
  #turn = 0;

  /** `queues` are those that this process writes to. */
  constructor(broker: Pick<Broker, "writeHealth" | "probeWrites">, queues: readonly string[]) {
    this.#broker = broker;
    this.#queues = queues;
  }

  /** Ends within `timeoutMs`, or in the time left to a probe that is under way. Never rejects. */
  async ask(timeoutMs: number): Promise<WriteTrouble | undefined> {
    const wroteLately = this.#wroteLately();
    if (wroteLately && this.#broker.writeHealth().failing.length === 0) {
      this.#probed = undefined;
      return undefined;
    }
    const { refusal } = await this.#latestProbe(timeoutMs);
    const { failing } = this.#broker.writeHealth();
    if (refusal !== undefined) {
      const since = Math.min(refusal.since, ...failing.map((calls) => calls.since));
      return { kind: "writes", since, reason: refusal.reason };
    }
    // A clock that was set back since then must not hide it.
    const isLong = ({ since, latest }: FailingWrites): boolean => Math.abs(latest - since) >= stubbornMs;
    const goesOn = ({ latest }: FailingWrites): boolean => Math.abs(Date.now() - latest) <= overAfterMs;
    const stubborn = failing.find((failed) => failed.calls >= stubbornCalls && isLong(failed) && goesOn(failed));
    return stubborn && { kind: "calls", calls: stubborn };
  }

  #wroteLately(): boolean {
    const now = performance.now();
    const { written } = this.#broker.writeHealth();
    const before = this.#looked;
    this.#looked = { at: now, written };
    return before !== undefined && now - before.at < wellForMs && written > before.written;
  }

  #latestProbe(timeoutMs: number): Promise<Probed> {
    if (this.#underWay !== undefined) return this.#underWay;
    const latest = this.#probed;
    if (latest !== undefined && this.#stillHolds(latest)) return Promise.resolve(latest);
    this.#underWay = this.#probe(timeoutMs).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  #stillHolds({ at, failedCalls, refusal }: Probed): boolean {
    const ageMs = performance.now() - at;
    if (refusal !== undefined) return ageMs < refusedForMs;
    return ageMs < wellForMs && this.#failedCalls() <= failedCalls;
  }

  async #probe(timeoutMs: number): Promise<Probed> {
    const [failedCalls, { written }] = [this.#failedCalls(), this.#broker.writeHealth()];
    let reason: string | undefined;
    try {
      await this.#broker.probeWrites(this.#nextQueues(), { timeoutMs });
    } catch (error) {
      // A busy store that carried out others' calls meanwhile accepts writes.
      const gaveUp = isHikyakuError(error, "deadline_exceeded") || isHikyakuError(error, "broker_unavailable");
      const onlyBusy = gaveUp && this.#broker.writeHealth().written > written;
      if (!onlyBusy) reason = errorText(error);
    }
    const since = this.#probed?.refusal?.since ?? Date.now();
    this.#probed = {
      at: performance.now(),
      failedCalls,
      refusal: reason === undefined ? undefined : { since, reason },
    };
    return this.#probed;
  }

  #failedCalls(): number {
    return this.#broker.writeHealth().failing.reduce((sum, { calls }) => sum + calls, 0);
  }

  #nextQueues(): readonly string[] {
    const queues = this.#queues;
    if (queues.length <= mostQueues) return queues;
    const from = this.#turn % queues.length;
    this.#turn = from + mostQueues;
    return [...queues, ...queues].slice(from, from + mostQueues);
  }
}
