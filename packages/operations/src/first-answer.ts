import { type Broker, errorText, HikyakuError, isHikyakuError, isStoreAway } from "hikyaku";

/** Shorter than the second in which every request is promised an answer. */
const patienceMs = 700;

/**
 * Whether the store has ever answered. From then on the broker itself knows when it is away, and refuses at once. Before,
 * a call waits for the connection, which takes seconds where somebody listens and says nothing.
 */
export class FirstAnswer {
  readonly #broker: Pick<Broker, "ready">;
  #asking: Promise<void> | undefined;
  /** Whether it has. */
  came = false;

  constructor(broker: Pick<Broker, "ready">) {
    this.#broker = broker;
  }

  /**
   * Waits for it, less than a second. All who wait share one question.
   * @throws HikyakuError `broker_unavailable`: nothing was asked of the store.
   */
  async wait(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      await this.#broker.ready({ timeoutMs: patienceMs });
    } catch (error) {
      // What it does not permit, it has answered.
      if (!isHikyakuError(error) || isStoreAway(error)) {
        const why = `the store has not answered yet: ${errorText(error)}`;
        throw new HikyakuError("broker_unavailable", why, { cause: error });
      }
    }
    this.came = true;
  }
}
