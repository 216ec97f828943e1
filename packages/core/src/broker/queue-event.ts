import type { OrderKind, OrderSource } from "./control-facet.ts";
import type { EnqueueItem, EnqueueOutcome } from "./enqueue-facet.ts";
import type { KeptProgress } from "./kept-progress.ts";
import type { ServerRecord } from "./presence-facet.ts";
import type { TaskMessage } from "./task-message.ts";
import type { AttemptRecord, AttemptServer, Outcome, Settlement } from "./work-facet.ts";

/** The task that an event is about. A payload never appears in an event. */
interface EventTask {
  readonly queue: string;
  readonly type: string;
  readonly taskId: string;
}

/** The server that an event is about, or that ran the task. */
interface EventServer {
  readonly serverId: string;
  readonly host: string;
  readonly pid: number;
}

/** A task was put into the store. */
export interface EnqueuedEvent extends EventTask {
  readonly kind: "enqueued";
  /** Milliseconds of the epoch, by the clock of who tells. */
  readonly at: number;
  readonly state: (EnqueueOutcome & { readonly kind: "accepted" })["state"];
  /** When it may run first. Absent for a task that may run at once, or waits in a group. */
  readonly dueAt?: number;
}

/** A handler was called. */
export interface StartedEvent extends EventTask, EventServer {
  readonly kind: "started";
  readonly at: number;
  /** How many of the retries are used up: 0 for the first attempt. */
  readonly retried: number;
}

/** What a handler told of how far it is was written. Its message is kept with the task and is not here. */
export interface ProgressedEvent extends EventTask, EventServer {
  readonly kind: "progressed";
  readonly at: number;
  readonly done: number;
  /** How much there is to do: 100 for a percentage. Absent when nobody knows. */
  readonly total?: number;
}

/** What became of an attempt was written. */
export interface SettledEvent extends EventTask, Partial<EventServer> {
  readonly kind: "settled";
  readonly at: number;
  readonly outcome: Outcome["kind"];
  /** How the attempt ended. `lost`: its worker died or stalled. Absent when no handler was called. */
  readonly attempt?: AttemptRecord["outcome"];
  /** When the attempt began. */
  readonly startedAt?: number;
  /** When it runs again: of a retry. */
  readonly retryAt?: number;
  /** The first 200 characters of why it failed. */
  readonly error?: string;
}

/** A server made its first announcement, or took it back. One that dies does neither: see `silentServers`. */
export interface ServerEvent extends EventServer {
  readonly kind: "server_came" | "server_went";
  readonly at: number;
  /** The queues that it works on. */
  readonly queues: readonly string[];
}

/** A server was told to do something. */
export interface ServerToldEvent {
  readonly kind: "server_told";
  readonly at: number;
  readonly serverId: string;
  readonly order: OrderKind;
  /** Undefined while only the store's refusal says that a server was evicted. */
  readonly by: OrderSource | undefined;
  readonly reason?: string;
}

/** Something that happened to a task or a server. */
export type QueueEvent = EnqueuedEvent | StartedEvent | ProgressedEvent | SettledEvent | ServerEvent | ServerToldEvent;

export type EventKind = QueueEvent["kind"];

export const eventKinds = [
  "enqueued",
  "started",
  "progressed",
  "settled",
  "server_came",
  "server_went",
  "server_told",
] as const satisfies readonly EventKind[];

const longestError = 200;

export function enqueuedEvent(
  { message, placement }: EnqueueItem,
  state: EnqueuedEvent["state"],
  at: number,
): EnqueuedEvent {
  const event = { kind: "enqueued", at, ...taskOf(message), state } as const;
  return placement.kind === "at" ? { ...event, dueAt: placement.at } : event;
}

export function startedEvent(message: TaskMessage, server: AttemptServer, at: number): StartedEvent {
  return { kind: "started", at, ...taskOf(message), ...serverOf(server), retried: message.retried };
}

export function progressedEvent(
  message: TaskMessage,
  server: AttemptServer,
  { done, total }: KeptProgress,
  at: number,
): ProgressedEvent {
  const event = { kind: "progressed", at, ...taskOf(message), ...serverOf(server), done } as const;
  return total === undefined ? event : { ...event, total };
}

export function settledEvent({ task, outcome, attempt }: Settlement, at: number): SettledEvent {
  const error = "error" in outcome ? outcome.error.slice(0, longestError) : undefined;
  return {
    kind: "settled",
    at,
    ...taskOf(task.message),
    outcome: outcome.kind,
    ...(attempt !== undefined && { ...serverOf(attempt), attempt: attempt.outcome, startedAt: attempt.startedAt }),
    ...(outcome.kind === "retry" && { retryAt: outcome.at }),
    ...(error !== undefined && { error }),
  };
}

export function serverEvent(kind: ServerEvent["kind"], server: ServerRecord, at: number): ServerEvent {
  return { kind, at, ...serverOf(server), queues: Object.keys(server.queues) };
}

function taskOf({ queue, type, id }: TaskMessage): EventTask {
  return { queue, type, taskId: id };
}

function serverOf({ serverId, host, pid }: EventServer): EventServer {
  return { serverId, host, pid };
}
