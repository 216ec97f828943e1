import type { SignalFacet } from "../../broker/signal-facet.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { HeldTask } from "../leases/held-task.ts";

/** How long a signal is remembered. A claim whose answer takes longer is not worth it. */
const rememberedMs = 30_000;
const mostRemembered = 1_000;

/**
 * Passes cancel signals on to running handlers. A signal that names a queue reaches only that task. A signal with only
 * an id, as Asynq sends them, reaches every running task of that id, in any queue. Signals are remembered for a while,
 * because the task may be on its way to this server just then.
 */
export class Canceller {
  readonly #broker: Pick<SignalFacet, "listen">;
  readonly #held: ReadonlySet<HeldTask>;
  readonly #clock: Clock;
  readonly #cancel: (task: HeldTask) => void;
  /** When each task or id was last named, by `nameOf`, in monotonic time, oldest first. */
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
      const { taskId, queue } = signal;
      this.#remember(nameOf(taskId, queue));
      for (const task of this.#held) {
        const { message } = task.claimed;
        if (message.id === taskId && (queue === undefined || message.queue === queue)) this.#cancel(task);
      }
    });
  }

  stop(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
  }

  /** Whether a signal named this task at that moment (monotonic time) or later. */
  heardSince(task: { readonly queue: string; readonly id: string }, moment: number): boolean {
    if (this.#heard.size === 0) return false;
    return [nameOf(task.id, task.queue), nameOf(task.id, undefined)].some((name) => {
      const heardAt = this.#heard.get(name);
      return heardAt !== undefined && heardAt >= moment;
    });
  }

  #remember(name: string): void {
    const now = this.#clock.monotonic();
    this.#heard.delete(name);
    this.#heard.set(name, now);
    for (const [oldest, heardAt] of this.#heard) {
      if (this.#heard.size <= mostRemembered && now - heardAt <= rememberedMs) break;
      this.#heard.delete(oldest);
    }
  }
}

/** The name of what a signal named: a task of a queue, or an id in any queue. No two are spelled alike. */
function nameOf(taskId: string, queue: string | undefined): string {
  return queue === undefined ? ` ${taskId}` : `${queue.length} ${queue}${taskId}`;
}
