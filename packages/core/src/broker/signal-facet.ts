import type { CallOptions } from "./call-options.ts";
import type { ServerOrder } from "./control-facet.ts";

/** A message to all that listen. Best effort: never the only path to a state. */
export type Signal =
  /**
   * Asks the handler of a running task to stop, on whichever server. With a queue: only that queue's task of this id,
   * and only our servers hear it. Without: every running task of this id, and Asynq's servers hear it too.
   */
  | { readonly kind: "cancel"; readonly taskId: string; readonly queue?: string }
  /** A task was put into the queue that is due before all others there. The adapter itself sends this. */
  | { readonly kind: "due_sooner"; readonly queue: string; readonly at: number }
  /** A durable scheduler entry was added, changed or removed. The adapter itself sends this. */
  | { readonly kind: "schedules_changed" }
  /** Somebody began to watch events. The adapter itself sends this, and hears it. */
  | { readonly kind: "watched" }
  /** A server is asked to do something. The adapter itself sends this and keeps the order too. */
  | { readonly kind: "server_order"; readonly order: ServerOrder };

/** What a listener hears: signals, and that some may have been missed. */
export type HeardSignal =
  | Signal
  /** Listening began, or began again after a lost connection. Earlier signals were not heard. Never sent. */
  | { readonly kind: "listening" };

export interface SignalFacet {
  send(signal: Signal, call?: CallOptions): Promise<void>;
  /** Calls back for each signal until the returned function is called. Listens again by itself after a lost connection. */
  listen(handler: (signal: HeardSignal) => void): () => void;
}
