import { type Channel, channel } from "node:diagnostics_channel";
import { callGuarded, logOf } from "../runtime/guarded-call.ts";

/** A place where the library can be listened to. When nobody listens, it costs a look at a flag. */
export class Instrument<Reading extends object> {
  /** A channel of the process, so that several copies of the library share it. */
  readonly #channel: Channel<unknown, unknown>;

  constructor(name: string) {
    this.#channel = channel(`hikyaku:${name}`);
  }

  /** The channel of `node:diagnostics_channel` behind it. */
  get name(): string {
    return String(this.#channel.name);
  }

  get isHeard(): boolean {
    return this.#channel.hasSubscribers;
  }

  /**
   * Calls back with each reading, at once and in the middle of the library's work: be quick. Returns a function that
   * ends it. What the listener throws or rejects with is written to standard error and disturbs nothing.
   */
  listen(listener: (reading: Reading) => unknown): () => void {
    const failed = logOf(`a listener of ${this.name}`);
    const hear = (reading: unknown): void => callGuarded(() => listener(reading as Reading), failed);
    this.#channel.subscribe(hear);
    return () => void this.#channel.unsubscribe(hear);
  }

  /** Call it only when somebody listens: readings that nobody hears need not be gathered. */
  tell(reading: Reading): void {
    this.#channel.publish(reading);
  }
}
