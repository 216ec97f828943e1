import type { SignalFacet } from "../broker/signal-facet.ts";
import type { Clock } from "../clock.ts";
import type { HeldTask } from "./held-task.ts";

/** A claim whose answer takes longer is not worth remembering signals for. */
const rememberedMs = 30_000;
const mostRemembered = 1_000;

/**
 * Passes cancel signals on to running handlers. A signal names a task by id alone, so it reaches every running task of
 * that id, in whichever queue. Signals are remembered for a while: the task may be on its way to this server just then.
 */
export class Canceller {
  readonly #broker: Pick<SignalFacet, "listen">;
  readonly #held: ReadonlySet<HeldTask>;
  readonly #clock: Clock;
  readonly #cancel: (task: HeldTask) => void;
  /** When which id was last named, monotonic time, oldest first. */
  readonly #heard = new Map<string, number>();
  #unlisten: (() => void) | undefined;

  constructor(
    broker: Pick<SignalFacet, "listen">,
    held: ReadonlySet<HeldTask>,
    clock: Clock,
    cancel: (task: HeldTask) => void,
  ) {
    this.#broker = broker;
    this.#held = held;
    this.#clock = clock;
    this.#cancel = cancel;
  }

  start(): void {
    this.#unlisten ??= this.#broker.listen((signal) => {
      if (signal.kind !== "cancel") return;
      this.#remember(signal.taskId);
      for (const task of this.#held) if (task.claimed.message.id === signal.taskId) this.#cancel(task);
    });
  }

  stop(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
  }

  /** Whether a signal named this task at that moment (monotonic time) or later. */
  heardSince(taskId: string, moment: number): boolean {
    const heardAt = this.#heard.get(taskId);
    return heardAt !== undefined && heardAt >= moment;
  }

  #remember(taskId: string): void {
    const now = this.#clock.monotonic();
    this.#heard.delete(taskId);
    this.#heard.set(taskId, now);
    for (const [id, heardAt] of this.#heard) {
      if (this.#heard.size <= mostRemembered && now - heardAt <= rememberedMs) break;
      this.#heard.delete(id);
    }
  }
}
