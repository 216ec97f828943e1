import { type Broker, errorText, HikyakuError, isHikyakuError, isStoreAway } from "hikyaku";

/** How long a request waits before the store is asked whether it lives. */
const patienceMs = 450;
/** How long the store has for its answer. Both together are shorter than the second in which a request is answered. */
const answerMs = 450;

/**
 * Whether the store lives. A broker gives up a silent store only after its own time limit, which is seconds long, since a
 * large answer may take that. Whoever waits for a request is told within a second.
 */
export class SignOfLife {
  readonly #broker: Pick<Broker, "ready">;
  #asking: Promise<HikyakuError | undefined> | undefined;
  #cameOnce = false;

  constructor(broker: Pick<Broker, "ready">) {
    this.#broker = broker;
  }

  /**
   * Waits for the very first one: until then a call waits for the connection.
   * @throws HikyakuError `broker_unavailable`: nothing was asked of the store.
   */
  async first(): Promise<void> {
    if (this.#cameOnce) return;
    const silence = await this.#ask();
    if (silence !== undefined) throw silence;
  }

  /** Calls `silent`, once, when no sign comes for most of a second. The function that it returns ends the watch. */
  watch(silent: (reason: string) => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const ask = async (): Promise<void> => {
      const silence = await this.#ask();
      if (isOver) return;
      if (silence === undefined) wait();
      else silent(silence.message);
    };
    const wait = (): void => {
      timer = setTimeout(() => void ask(), patienceMs);
    };
    wait();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }

  /** All who ask at the same time share one question. */
  #ask(): Promise<HikyakuError | undefined> {
    this.#asking ??= this.#ping().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ping(): Promise<HikyakuError | undefined> {
    try {
      await this.#broker.ready({ timeoutMs: answerMs });
    } catch (error) {
      // What it does not permit, it has answered.
      if (!isHikyakuError(error) || isStoreAway(error)) {
        const why = `the store gave no sign of life: ${errorText(error)}`;
        return new HikyakuError("broker_unavailable", why, { cause: error });
      }
    }
    this.#cameOnce = true;
    return undefined;
  }
}
