import type { CallOptions } from "./call-options.ts";
import type { ClaimPolicy } from "./claim-policy.ts";
import type { TaskMessage } from "./task-message.ts";
import type { TaskReport } from "./task-report.ts";

/** Which task types a server can run. A prefix matches every type that starts with it. */
export type HandledTypes =
  | { readonly kind: "all" }
  | { readonly kind: "some"; readonly exact: readonly string[]; readonly prefixes: readonly string[] };

/** The right to work on one task until a moment. Only its owner may settle or extend. */
export interface Lease {
  readonly queue: string;
  readonly taskId: string;
  /** Names this one hold of this one task: `<server id>/<name of the claim>`. Never used again. */
  readonly token: string;
  /** Lets the store that gave the lease find the task faster. Optional, and without meaning to anybody else. */
  readonly hint?: number;
}

export interface ClaimedTask {
  readonly message: TaskMessage;
  readonly lease: Lease;
  /** When the lease ends unless it is extended. */
  readonly leaseEndsAt: number;
  /** When the task became pending. Undefined when the program that put it there did not say. */
  readonly pendingSince: number | undefined;
  /**
   * How many workers died or stalled while they held this task. It counts even when they held other tasks too, or had
   * not begun this one. So it proves nothing against the task.
   */
  readonly lostAttempts: number;
}

export interface QueueClaim {
  readonly queue: string;
  /** Most tasks to take. */
  readonly limit: number;
  /**
   * The policy that the caller's queue was declared with. A claim obeys the store's policy, whether or not it is given
   * here. If the store has another policy than this, the claim takes nothing. Absent: any policy.
   */
  readonly expects?: ClaimPolicy;
}

export interface ClaimRequest {
  /** Asked in this order. */
  readonly queues: readonly QueueClaim[];
  /** Most tasks altogether: the number of free slots. */
  readonly limit: number;
  readonly handles: HandledTypes;
  readonly serverId: string;
  readonly leaseMs: number;
  /**
   * The token of the leases that this claim gives: the server's id, `/`, and a text that it never used before. Default:
   * a new one.
   */
  readonly token?: string;
}

/** Tasks that wait in a queue and that this server can't run. They stay where they are; no retry is spent. */
export interface UnhandledTasks {
  readonly queue: string;
  readonly type: string;
  /** How many this look met. There may be more. */
  readonly count: number;
}

/** A task that can't be worked on as it is stored, and what was done about it. */
export interface SetAside {
  readonly queue: string;
  readonly taskId: string;
  /** `no_body`: an id without a task, dropped. `unreadable`: its bytes are no message; archived as they are. */
  readonly reason: "no_body" | "unreadable";
  readonly detail: string;
}

/** A queue from which this claim may take nothing now, though tasks may wait there. */
export interface ClosedQueue {
  readonly queue: string;
  /**
   * `held`: the queue's policy allows nothing while another of its tasks is held, or waits for its retry.
   * `policy_differs`: the store has another policy than the claim expects, or none. `policy_unknown`: the store has a
   * policy that this version does not know.
   */
  readonly reason: "paused" | "held" | "policy_differs" | "policy_unknown";
  /** The policy as the store spells it, if the policy is the reason. */
  readonly policy?: string;
  /**
   * When to ask again even if `waitForWork` has not woken the caller. Absent: it wakes the caller as soon as the queue
   * opens.
   */
  readonly lookAgainAt?: number;
}

export interface ClaimResult {
  readonly tasks: readonly ClaimedTask[];
  readonly unhandled: readonly UnhandledTasks[];
  readonly setAside: readonly SetAside[];
  /** Queues that gave nothing although tasks may wait there. */
  readonly closed: readonly ClosedQueue[];
  /**
   * Set when the store refused because somebody evicted this server. The server gets nothing from such a queue any
   * more.
   */
  readonly evicted?: true;
}

/** What should become of a task after a run. */
export type Outcome =
  /** Success, or revoked: removed at once, lock released. */
  | { readonly kind: "done" }
  /**
   * Success: kept until the message's retention is over, lock released. `result` undefined leaves the written result as
   * it is.
   */
  | { readonly kind: "completed"; readonly result: Uint8Array | undefined }
  /** Waits until `at`. Counted failures spend a retry and move the failure counters. */
  | { readonly kind: "retry"; readonly at: number; readonly counted: boolean; readonly error: string }
  /** Kept, never run unless asked. */
  | { readonly kind: "archived"; readonly error: string }
  /** Back to the front of its queue; no retry is spent. */
  | { readonly kind: "handed_back" };

/**
 * The server that ran an attempt. The last two are absent when it did not tell them or an older version wrote the
 * record.
 */
export interface AttemptServer {
  readonly serverId: string;
  readonly host: string;
  readonly pid: number;
  /** Where its process was started. */
  readonly directory?: string;
  /** Names the code that it ran. */
  readonly build?: string;
}

/**
 * Who ran one attempt, when, and how it ended, with the first 1,000 characters of its error. A task keeps its last 20,
 * newest last, and the stacks of the last 5.
 */
export interface AttemptRecord extends AttemptServer {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome["kind"] | "lost";
  readonly error?: string;
  /** Where in the code the error came from: the stack of what the handler threw, at most 4,096 characters and a mark. */
  readonly stack?: string;
}

export interface Settlement {
  readonly task: ClaimedTask;
  readonly outcome: Outcome;
  /** Absent when no handler was started, for example for a task handed back unrun. */
  readonly attempt?: AttemptRecord;
  /**
   * True when an earlier call with this settlement got no answer. If that call was carried out, the result is
   * `settled`.
   */
  readonly repeated?: boolean;
  /** Of a retry: true when the handler ended and its worker lived. `lostAttempts` then starts again from 0. */
  readonly survived?: boolean;
  /** What the handler said last. Written with the outcome, unless the outcome removes the task. */
  readonly report?: TaskReport;
}

/** `lost`: somebody else holds or settled the task. Nothing was written. */
export type SettleResult = "settled" | "lost";

export interface SettleAnswer {
  readonly results: readonly SettleResult[];
  /** Set when the call asked for a claim too. */
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
  /** Tokens of tasks that the caller still runs. It does not take these from itself, even after their leases ended. */
  readonly holding?: readonly string[];
}

/** A holder that is surely gone. */
export type GoneHolder =
  /** A server whose process is dead: each task counts one more lost attempt. */
  | { readonly kind: "server"; readonly serverId: string }
  /** Calls that leased tasks and whose answer was lost. Nobody began to work on these tasks, so nothing is counted. */
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
  /** The server that lost it. Undefined when unknown. */
  readonly previousServerId: string | undefined;
  /** When that server claimed it, by that server's clock. Undefined when unknown. */
  readonly claimedAt: number | undefined;
  /** How many workers died or stalled after they wrote that they ran this task alone: see `beginAlone`. */
  readonly lostAlone: number;
}

export interface WorkFacet {
  /** Leases waiting tasks to the caller. Skips paused queues. */
  claim(request: ClaimRequest, call?: CallOptions): Promise<ClaimResult>;
  /**
   * Writes outcomes, each atomically and only under the lease of its claim, one result per item in order. Then claims,
   * in the same trip when the store can.
   */
  settle(settlements: readonly Settlement[], thenClaim?: ClaimRequest, call?: CallOptions): Promise<SettleAnswer>;
  /**
   * Moves the end of leases to `until`. A lease that is not the caller's any more stays as it is and answers `lost`.
   */
  extend(leases: readonly Lease[], until: number, call?: CallOptions): Promise<readonly ("held" | "lost")[]>;
  /** Leases to the caller tasks whose lease ran out. One atomic step, so two recoverers never hold the same task. */
  takeOver(request: TakeOverRequest, call?: CallOptions): Promise<TakenOver>;
  /**
   * Leases to the caller the tasks of a holder that is gone, without waiting for their leases' end. The caller must be
   * sure that the holder is gone. Answers `limit` tasks while there may be more.
   */
  takeBack(request: TakeBackRequest, call?: CallOptions): Promise<TakenOver>;
  /**
   * Resolves when one of the queues may have work: at once when tasks are waiting, otherwise as soon as somebody puts
   * one there, at the latest after `timeoutMs`. For a queue that a claim of this broker was told is closed, it waits
   * until the queue opens, or until it is time to look again. Changes nothing, and costs next to nothing. Rejects when
   * the store is lost or the signal fires.
   */
  waitForWork(queues: readonly string[], call: CallOptions): Promise<void>;
  /**
   * Writes that the holder begins to run this task, and runs nothing else in its process until the task's attempt is
   * over. If the worker dies then, only this task can be the cause. `lost`: the caller does not hold the task any more.
   */
  beginAlone(lease: Lease, call?: CallOptions): Promise<"held" | "lost">;
  /** Keeps bytes as the task's result while it runs. `lost`: the caller does not hold the task any more. */
  writeResult(lease: Lease, result: Uint8Array, call?: CallOptions): Promise<"written" | "lost">;
}
