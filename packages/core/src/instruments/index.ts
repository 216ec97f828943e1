import "../node-version.ts";
import type { EnqueueItem, EnqueueOutcome } from "../broker/enqueue-facet.ts";
import type { TaskMessage } from "../broker/task-message.ts";
import type {
  AttemptServer,
  ClaimRequest,
  ClaimResult,
  Outcome,
  Settlement,
  SettleResult,
} from "../broker/work-facet.ts";
import { Instrument } from "./instrument.ts";

export type { Instrument } from "./instrument.ts";

/**
 * One call to the store, which may carry many tasks. The objects in a reading belong to the library: read them, change
 * nothing.
 */
export interface CallReading {
  /** Where the tasks lie, for people; without secrets. */
  readonly store: string;
  readonly durationMs: number;
  /** Why the call failed. Undefined when it did not. */
  readonly error: unknown;
}

/** Tasks were sent to the store: by a client, or made of a group or a turn of a schedule. */
export interface EnqueuedReading extends CallReading {
  readonly items: readonly EnqueueItem[];
  /** One for each item, in order. Empty when the call failed. */
  readonly outcomes: readonly EnqueueOutcome[];
}

/** A server asked for tasks. */
export interface ClaimedReading extends CallReading {
  readonly request: ClaimRequest;
  /** Undefined when the call failed. */
  readonly result: ClaimResult | undefined;
}

/** The ends of attempts were written: of handlers that returned, and of workers that were lost. */
export interface SettledReading extends CallReading {
  /** Each with who ran the attempt, from when to when, and how it ended. */
  readonly settlements: readonly Settlement[];
  /** One for each settlement, in order. Empty when the call failed. */
  readonly results: readonly SettleResult[];
}

/** A handler is about to be called. */
export interface StartedReading {
  readonly server: AttemptServer;
  readonly task: TaskMessage;
}

/** A server held a task whose lease it lost: what its handler did was not written. */
export interface LostReading {
  readonly server: AttemptServer;
  readonly task: TaskMessage;
  /** The outcome that would have been written. Undefined when there was none. */
  readonly outcome: Outcome["kind"] | undefined;
}

/**
 * Where to listen to what the library does in this process, for metrics and traces. Each is also a channel of Node's
 * `node:diagnostics_channel`, called `hikyaku:` and its name here. A listener that is subscribed there must not throw,
 * as Node says.
 */
export const instruments = {
  enqueued: new Instrument<EnqueuedReading>("enqueued"),
  claimed: new Instrument<ClaimedReading>("claimed"),
  settled: new Instrument<SettledReading>("settled"),
  started: new Instrument<StartedReading>("started"),
  lost: new Instrument<LostReading>("lost"),
} as const;
