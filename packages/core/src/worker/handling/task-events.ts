import type { EventFacet } from "../../broker/event-facet.ts";
import { readProgress } from "../../broker/kept-progress.ts";
import {
  type ProgressedEvent,
  progressedEvent,
  type SettledEvent,
  type StartedEvent,
  settledEvent,
  startedEvent,
} from "../../broker/queue-event.ts";
import type { TaskMessage } from "../../broker/task-message.ts";
import type { AttemptServer, Settlement } from "../../broker/work-facet.ts";
import type { Clock } from "../../runtime/clock.ts";

export interface TaskEventsOptions {
  readonly broker: Pick<EventFacet, "mayBeWatched" | "tell">;
  readonly clock: Clock;
  readonly worker: AttemptServer;
  /** Those who listen in this process. */
  readonly hooks: {
    isHeard(kind: "started" | "progressed" | "settled"): boolean;
    tell(event: StartedEvent | ProgressedEvent | SettledEvent): void;
  };
}

/** Tells what happens to the tasks of one server: those who listen in its process, and those who watch the store. */
export class TaskEvents {
  readonly #options: TaskEventsOptions;

  constructor(options: TaskEventsOptions) {
    this.#options = options;
  }

  /** A handler is about to be called. */
  started(message: TaskMessage): void {
    const { worker, clock } = this.#options;
    this.#tell("started", () => startedEvent(message, worker, clock.now()));
  }

  /** The store has written how far a task is, in the words in which it keeps it. */
  progressed(message: TaskMessage, text: string): void {
    const { worker, clock } = this.#options;
    const progress = readProgress(text);
    if (progress !== undefined) {
      this.#tell("progressed", () => progressedEvent(message, worker, progress, clock.now()));
    }
  }

  /** The store has written what became of an attempt. The broker itself tells those who watch. */
  settled(settlement: Settlement): void {
    const { hooks, clock } = this.#options;
    if (hooks.isHeard("settled")) hooks.tell(settledEvent(settlement, clock.now()));
  }

  #tell(kind: "started" | "progressed", eventOf: () => StartedEvent | ProgressedEvent): void {
    const { broker, hooks } = this.#options;
    const isWatched = broker.mayBeWatched();
    if (!isWatched && !hooks.isHeard(kind)) return;
    const event = eventOf();
    hooks.tell(event);
    if (isWatched) broker.tell(event);
  }
}
