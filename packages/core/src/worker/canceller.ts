import type { SignalFacet } from "../broker/signal-facet.ts";
import type { HeldTask } from "./held-task.ts";

/**
 * Passes cancel signals on to running handlers. A signal names a task by id alone, so it reaches every running task of
 * that id, in whichever queue.
 */
export class Canceller {
  readonly #broker: Pick<SignalFacet, "listen">;
  readonly #held: ReadonlySet<HeldTask>;
  readonly #cancel: (task: HeldTask) => void;
  #unlisten: (() => void) | undefined;

  constructor(broker: Pick<SignalFacet, "listen">, held: ReadonlySet<HeldTask>, cancel: (task: HeldTask) => void) {
    this.#broker = broker;
    this.#held = held;
    this.#cancel = cancel;
  }

  start(): void {
    this.#unlisten ??= this.#broker.listen((signal) => {
      if (signal.kind !== "cancel") return;
      for (const task of this.#held) if (task.claimed.message.id === signal.taskId) this.#cancel(task);
    });
  }

  stop(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
  }
}
