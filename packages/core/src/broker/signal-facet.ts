import type { CallOptions } from "./call-options.ts";
import type { ServerOrder } from "./control-facet.ts";

/** A word to whoever listens. Best effort: never the only path to a state. */
export type Signal =
  /**
   * Ask the handler of a running task to stop, wherever it runs. With a queue it means that task and no namesake, and only
   * our servers hear it; without one, every running task of that id, and Asynq's servers hear it too.
   */
  | { readonly kind: "cancel"; readonly taskId: string; readonly queue?: string }
  /** A task was put into the queue that is due earlier than all others there. Sent by the adapter itself. */
  | { readonly kind: "due_sooner"; readonly queue: string; readonly at: number }
  /** A durable scheduler entry was added, changed or removed. Sent by the adapter itself. */
  | { readonly kind: "schedules_changed" }
  /** A server is asked to do something. Sent by the adapter itself, which keeps the order too. */
  | { readonly kind: "server_order"; readonly order: ServerOrder };

/** What a listener hears: the words of others, and when words may have been missed. */
export type HeardSignal =
  | Signal
  /** Listening began, or began again after a lost connection: what was said before was not heard. Never sent. */
  | { readonly kind: "listening" };

export interface SignalFacet {
  send(signal: Signal, call?: CallOptions): Promise<void>;
  /** Calls back for each signal until the returned function is called. Listens again by itself after a lost connection. */
  listen(handler: (signal: HeardSignal) => void): () => void;
}
