import { type Broker, errorText, isHikyakuError } from "hikyaku";
import type { FailingWrites } from "hikyaku/broker";

/** What fails, since when, and what the store said. */
export type WriteTrouble =
  /** A probe failed, so every write does. */
  | { readonly kind: "writes"; readonly since: number; readonly reason: string }
  /** Calls of one kind fail again and again although a probe does not. */
  | { readonly kind: "calls"; readonly calls: FailingWrites };

interface Probed {
  readonly at: number;
  /** How many calls had failed when it began. */
  readonly failedCalls: number;
  readonly refusal: { readonly since: number; readonly reason: string } | undefined;
}

/** A probe that succeeded holds for so long, and calls that wrote are believed for so long. */
const wellForMs = 3_000;
/** One that failed is repeated sooner, so that a store that is back is used again. */
const refusedForMs = 1_000;
/** What a single task is refused for ends with that task; what goes on for so long and so often is the store's. */
const stubbornCalls = 5;
const stubbornMs = 10_000;
/** Calls that nobody has seen fail for so long, while probes succeed, fail no more. */
const overAfterMs = 15_000;
/** One probe looks at no more queues than this; the next one goes on behind them. */
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

  /** Ends within `timeoutMs`, or whatever is left to a probe that is under way. Never rejects. */
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
    // A clock that was set back since then must not hush it.
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
      // A busy store that carried out others' calls meanwhile takes what is written.
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
