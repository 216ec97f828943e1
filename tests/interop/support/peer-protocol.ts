/*
 * What both sides understand: requests and answers are JSON lines, as tests/interop/go/cmd/peer/main.go describes them.
 * Bytes are base64, moments milliseconds since the epoch (0 for none), durations milliseconds.
 */

export interface TaskSpec {
  readonly type: string;
  /** Null is no payload at all, which uniqueness tells apart from an empty one. */
  readonly payload?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: TaskSpecOptions;
}

export interface TaskSpecOptions {
  readonly queue?: string;
  readonly maxRetry?: number;
  readonly taskId?: string;
  readonly timeoutMs?: number;
  readonly deadlineAt?: number;
  readonly uniqueForMs?: number;
  readonly at?: number;
  readonly inMs?: number;
  readonly retentionMs?: number;
  readonly group?: string;
}

/**
 * A server whose handler does what the first word of a task's type says: `ok`, `fail`, `flaky:<times>`, `not-now`, `skip`,
 * `revoke`, `panic`, `result` (the payload is the result), `hold` (until released or told to stop), `stubborn` (until
 * released, whatever it is told), `slow:<ms>`; of ours also `talk` (says something of its task, then fails).
 */
export interface ServerSpec {
  readonly name: string;
  readonly concurrency: number;
  readonly queues: Readonly<Record<string, number>>;
  readonly strict: boolean;
  readonly retryDelayMs: number;
  readonly forwardEveryMs: number;
  readonly sweepEveryMs: number;
  readonly shutdownTimeoutMs: number;
  /**
   * 0: groups are left alone. Else they are collected into a task `collected` with the payload `<group>:<payloads, joined
   * by commas>`; one whose name begins with `hold` never.
   */
  readonly groupGraceMs: number;
  readonly groupMaxSize: number;
  /** Does not tell of tasks that returned. */
  readonly quiet: boolean;
  /** How much of an archive ours keeps; Go's limits are fixed. */
  readonly archiveMaxCount: number;
  readonly archiveMaxAgeMs: number;
}

export interface SchedulerSpec {
  readonly name: string;
  /** Only Go's can be set. */
  readonly heartbeatEveryMs: number;
  readonly entries: readonly { readonly spec: string; readonly task: TaskSpec }[];
}

/** A scheduler's entry. */
export interface ToldEntry {
  readonly entryId: string;
  readonly spec: string;
  readonly type: string;
  readonly payload: string | null;
  readonly options: readonly string[];
  readonly nextAt: number;
  readonly previousAt: number;
}

/** How a peer shows a task. */
export interface ToldTask {
  readonly id: string;
  readonly queue: string;
  readonly type: string;
  readonly payload: string | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly state: string;
  readonly maxRetry: number;
  readonly retried: number;
  readonly lastError: string;
  readonly lastFailedAt: number;
  readonly timeoutMs: number;
  readonly deadlineAt: number;
  readonly group: string;
  readonly nextProcessAt: number;
  readonly isOrphaned: boolean;
  readonly retentionMs: number;
  readonly completedAt: number;
  readonly result: string | null;
}

export interface ToldQueue {
  readonly queue: string;
  readonly paused: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly processedToday: number;
  readonly failedToday: number;
  readonly processedTotal: number;
  readonly failedTotal: number;
}

export interface ToldServer {
  readonly serverId: string;
  readonly host: string;
  readonly pid: number;
  readonly concurrency: number;
  readonly queues: Readonly<Record<string, number>>;
  readonly strictPriority: boolean;
  readonly startedAt: number;
  readonly status: string;
  readonly workers: readonly {
    readonly taskId: string;
    readonly type: string;
    readonly payload: string;
    readonly queue: string;
    readonly startedAt: number;
    readonly deadlineAt: number;
  }[];
}

/** Something that a peer tells by itself. */
export interface PeerEvent {
  readonly event: string;
  readonly server?: string;
  readonly scheduler?: string;
  readonly taskId?: string;
  readonly type?: string;
  readonly queue?: string;
  readonly group?: string;
  readonly payload?: string | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly retried?: number;
  readonly maxRetry?: number;
  readonly deadlineAt?: number;
  readonly at?: number;
  readonly error?: string;
  /** What Go's OpenTelemetry reads in the task's headers. */
  readonly traceId?: string;
  readonly spanId?: string;
}

export interface PeerFailure {
  readonly kind: string;
  readonly text: string;
}
