import type { CallOptions } from "./call-options.ts";
import type { TaskMessage } from "./task-message.ts";

/** Which task types a server can run. A prefix matches every type that starts with it. */
export type HandledTypes =
  | { readonly kind: "all" }
  | { readonly kind: "some"; readonly exact: readonly string[]; readonly prefixes: readonly string[] };

/** The right to work on one task until a moment. Whoever settles or extends must still own it. */
export interface Lease {
  readonly queue: string;
  readonly taskId: string;
  /** Names this one hold of this one task: `<server id>/<name of the claim>`. Never used again. */
  readonly token: string;
  /** What the store that gave the lease finds the task by sooner; nothing to anybody else, and not needed. */
  readonly hint?: number;
}

export interface ClaimedTask {
  readonly message: TaskMessage;
  readonly lease: Lease;
  /** When the lease ends unless it is extended. */
  readonly leaseEndsAt: number;
  /** When the task became pending; undefined where the one who put it there did not say. */
  readonly pendingSince: number | undefined;
  /**
   * How many workers died or stalled so far while they held this task, whatever they held beside it and whether or not it
   * had begun. Proves nothing against it.
   */
  readonly lostAttempts: number;
}

/**
 * Keeps the tasks of a queue in line. A claim then takes the one that is next, never another, and only while nobody holds a
 * task of the queue; `strict`: nor while one of them waits for its retry.
 */
export type QueueDiscipline = "strict" | "loose";

export interface QueueClaim {
  readonly queue: string;
  /** How many tasks at most. */
  readonly limit: number;
  /** Absent: any tasks that can be run, however many are held. All who claim from a queue must say the same. */
  readonly ordered?: QueueDiscipline;
}

export interface ClaimRequest {
  /** Asked in this order. */
  readonly queues: readonly QueueClaim[];
  /** How many tasks at most altogether: the number of free slots, never more. */
  readonly limit: number;
  readonly handles: HandledTypes;
  readonly serverId: string;
  readonly leaseMs: number;
  /** For the leases that this claim gives: the server's id, `/`, and what it never used before. Default: a new one. */
  readonly token?: string;
}

/** Tasks that wait in a queue and that this server can't run. They stay where they are, with nothing spent. */
export interface UnhandledTasks {
  readonly queue: string;
  readonly type: string;
  /** How many were met in this look; there may be more. */
  readonly count: number;
}

/** A task that can't be worked on as it lies in the store, and what was done about it. */
export interface SetAside {
  readonly queue: string;
  readonly taskId: string;
  /** `no_body`: a ghost id, dropped. `unreadable`: its bytes are no message; archived untouched. */
  readonly reason: "no_body" | "unreadable";
  readonly detail: string;
}

export interface ClaimResult {
  readonly tasks: readonly ClaimedTask[];
  readonly unhandled: readonly UnhandledTasks[];
  readonly setAside: readonly SetAside[];
  /** Set when the store refused because somebody evicted this server: it gets nothing from such a queue any more. */
  readonly evicted?: true;
}

/** What should become of a task after a run. */
export type Outcome =
  /** Success, or revoked: removed at once, lock released. */
  | { readonly kind: "done" }
  /** Success, kept until the message's retention is over, lock released. `result` undefined leaves what was written. */
  | { readonly kind: "completed"; readonly result: Uint8Array | undefined }
  /** Waits until `at`. Counted failures spend a retry and move the failure counters. */
  | { readonly kind: "retry"; readonly at: number; readonly counted: boolean; readonly error: string }
  /** Kept, never run unless asked. */
  | { readonly kind: "archived"; readonly error: string }
  /** Back to the front of its queue, nothing spent. */
  | { readonly kind: "handed_back" };

/** Which server ran an attempt. What it does not tell of itself, or what an older version wrote, lacks the last two. */
export interface AttemptServer {
  readonly serverId: string;
  readonly host: string;
  readonly pid: number;
  /** Where its process was started. */
  readonly directory?: string;
  /** Names the code that it ran. */
  readonly build?: string;
}

/** Who ran one attempt, when, and how it ended. Kept with the task, newest last, at most 20, with the first 1,000 characters of its error. */
export interface AttemptRecord extends AttemptServer {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome["kind"] | "lost";
  readonly error?: string;
}

export interface Settlement {
  readonly task: ClaimedTask;
  readonly outcome: Outcome;
  /** Absent when no handler was started, such as for a task handed back unrun. */
  readonly attempt?: AttemptRecord;
  /** True when an earlier call with this settlement got no answer: finding it carried out then counts as `settled`. */
  readonly repeated?: boolean;
  /** Of a retry: true when the handler ended and its worker lived. `lostAttempts` then begins from none again. */
  readonly survived?: boolean;
}

/** `lost`: somebody else holds the task or settled it; nothing was written. */
export type SettleResult = "settled" | "lost";

export interface SettleAnswer {
  readonly results: readonly SettleResult[];
  /** Filled when a claim was asked for in the same call. */
  readonly claimed: ClaimResult | undefined;
}

export interface RecoverRequest {
  readonly queue: string;
  readonly limit: number;
  readonly serverId: string;
  readonly leaseMs: number;
  /** As in a claim. */
  readonly token?: string;
}

export interface TakeOverRequest extends RecoverRequest {
  /** Tokens under which the caller still runs tasks: it takes none of those from itself, even when their leases are over. */
  readonly holding?: readonly string[];
}

/** A holder that is known to be gone. */
export type GoneHolder =
  /** A server whose process is dead: each task counts one more lost attempt. */
  | { readonly kind: "server"; readonly serverId: string }
  /** Calls that leased tasks and whose answer was lost: nobody began to work on those, so nothing is counted. */
  | { readonly kind: "lost_answers"; readonly tokens: readonly string[] };

export interface TakeBackRequest extends RecoverRequest {
  readonly from: GoneHolder;
}

export interface TakenOver {
  readonly tasks: readonly TakenOverTask[];
  readonly setAside: readonly SetAside[];
}

export interface TakenOverTask {
  readonly task: ClaimedTask;
  /** The server that lost it, where known. */
  readonly previousServerId: string | undefined;
  /** When that server claimed it, by its own clock, where that is known. */
  readonly claimedAt: number | undefined;
  /** How many workers died or stalled after they wrote that they ran this task alone: see `beginAlone`. */
  readonly lostAlone: number;
}

export interface WorkFacet {
  /** Leases waiting tasks to the caller. Skips paused queues. */
  claim(request: ClaimRequest, call?: CallOptions): Promise<ClaimResult>;
  /**
   * Writes outcomes, each atomically and only under the lease it was claimed with, one result per item in order; then
   * claims, in the same trip where the store can.
   */
  settle(settlements: readonly Settlement[], thenClaim?: ClaimRequest, call?: CallOptions): Promise<SettleAnswer>;
  /** Moves the end of leases to `until`; a lease that is not the caller's any more stays as it is and answers `lost`. */
  extend(leases: readonly Lease[], until: number, call?: CallOptions): Promise<readonly ("held" | "lost")[]>;
  /** Leases tasks whose lease ran out to the caller, in one atomic step, so that two recoverers never hold the same. */
  takeOver(request: TakeOverRequest, call?: CallOptions): Promise<TakenOver>;
  /**
   * Leases to the caller, without waiting for their leases' end, tasks that a holder still has who is known to be gone:
   * the caller answers for that. Comes back with `limit` tasks while there may be more.
   */
  takeBack(request: TakeBackRequest, call?: CallOptions): Promise<TakenOver>;
  /**
   * Resolves when one of the queues may have work: at once where tasks are waiting, else as soon as somebody puts one
   * there, at the latest after `timeoutMs`. Changes nothing; costs next to nothing meanwhile. Rejects when the store is
   * lost or the signal fires.
   */
  waitForWork(queues: readonly string[], call: CallOptions): Promise<void>;
  /**
   * Writes that the holder begins to run this task, and nothing else beside it in its process until that is over. Should
   * the worker die then, it can only have been this task. `lost` when the caller does not hold it any more.
   */
  beginAlone(lease: Lease, call?: CallOptions): Promise<"held" | "lost">;
  /** Keeps bytes as the task's result while it runs. `lost` when the caller does not hold it any more. */
  writeResult(lease: Lease, result: Uint8Array, call?: CallOptions): Promise<"written" | "lost">;
}
