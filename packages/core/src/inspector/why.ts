/** A process that ran, runs or would run tasks. */
export interface ServerPlace {
  readonly serverId: string;
  readonly host: string;
  readonly pid: number;
  readonly directory: string | undefined;
  readonly build: string | undefined;
}

/** A server that handled a type before, and when it was seen last. */
export interface HandlerSeen extends ServerPlace {
  readonly seenAt: Date;
  /** `silent`: it handles the type and has fallen silent. `attempt`: it ran this very task. */
  readonly by: "silent" | "attempt";
}

/** When a task starts if all goes on as in the last minutes. */
export type Forecast =
  | { readonly kind: "about"; readonly at: Date; readonly startedPerMinute: number }
  /** `not_counted`: nobody counts what this queue starts. `stands_still`: nothing was started in the last minutes. */
  | { readonly kind: "unknown"; readonly because: "not_counted" | "stands_still" };

/** What holds an ordered queue: the task that runs, or in strict order the failed one whose turn comes first. */
export interface OrderHolder {
  readonly by: "running" | "retry";
  readonly taskId: string;
  /** When the retry is due. Undefined for one that runs. */
  readonly dueAt: Date | undefined;
  /** Who runs it, as far as it is known, and until when. */
  readonly server: ServerPlace | undefined;
  readonly leaseEndsAt: Date | undefined;
}

/** What would hold a task back that is not due yet or held by a server that is gone, if it were due now. */
export type Obstacle = "queue_paused" | "no_worker" | "workers_quiet" | "type_not_handled";

/** A wait that has begun: since when the task is due, as far as it is known. */
interface Due {
  readonly since: Date | undefined;
}

/** A place in line: how many are before it (counted up to 10000), unless it has not joined the line yet. */
interface InLine extends Due {
  readonly ahead: number | undefined;
  readonly forecast: Forecast;
}

/** Why a task is where it is: a code, and the facts that a sentence about it needs. */
export type TaskWhy =
  | { readonly code: "not_due"; readonly dueAt: Date; readonly obstacle: Obstacle | undefined }
  | {
      readonly code: "backing_off";
      readonly dueAt: Date;
      /** Which of its retries that will be, and how many it has. 0 when its failures did not count. */
      readonly retry: number;
      readonly maxRetry: number;
      readonly error: string;
      readonly obstacle: Obstacle | undefined;
    }
  | ({ readonly code: "queue_paused"; readonly pause: QueuePauseInfo } & Due)
  | ({ readonly code: "no_worker"; readonly seen: readonly HandlerSeen[] } & Due)
  | ({ readonly code: "workers_quiet"; readonly servers: readonly ServerPlace[] } & Due)
  | ({
      readonly code: "type_not_handled";
      readonly type: string;
      readonly servers: readonly ServerPlace[];
      readonly seen: readonly HandlerSeen[];
    } & Due)
  | ({ readonly code: "runs_apart"; readonly lostAttempts: number } & Due)
  | ({ readonly code: "order_held"; readonly holder: OrderHolder; readonly ahead: number | undefined } & Due)
  | ({ readonly code: "policy_unknown"; readonly policy: string } & Due)
  | ({ readonly code: "workers_busy"; readonly takers: number; readonly slots: number } & InLine)
  | ({ readonly code: "in_line"; readonly takers: number } & InLine)
  | {
      readonly code: "collected";
      readonly group: string;
      /** Undefined where the group was taken out to be handled. */
      readonly size: number | undefined;
      readonly oldestAt: Date | undefined;
      readonly newestAt: Date | undefined;
    }
  | {
      readonly code: "running";
      readonly server: ServerPlace | undefined;
      readonly serverId: string | undefined;
      readonly startedAt: Date | undefined;
      readonly leaseEndsAt: Date | undefined;
      readonly silentSince: Date | undefined;
      /** Its lease has ended: another server takes it over, if nothing holds that back. */
      readonly lost: boolean;
      /** What holds back that another server takes it over. Only where its server is silent, or it is lost. */
      readonly obstacle: Obstacle | undefined;
    }
  | {
      readonly code: "archived";
      readonly at: Date | undefined;
      /**
       * `retries_used`: its last retry failed. `failed_for_good`: its failure was one that no retry helps. `told`:
       * somebody archived or cancelled it. `unknown`: it failed before, and nobody wrote down which of these it was.
       */
      readonly because: "retries_used" | "failed_for_good" | "told" | "unknown";
      readonly error: string;
      readonly retried: number;
      readonly maxRetry: number;
      readonly by: ServerPlace | undefined;
    }
  | {
      readonly code: "completed";
      readonly at: Date | undefined;
      readonly keptUntil: Date | undefined;
      readonly by: ServerPlace | undefined;
    }
  | { readonly code: "unreadable"; readonly reason: string };

/** The pause of a queue, as far as it is known: Go's tools write down only since when. */
export interface QueuePauseInfo {
  readonly since: Date | undefined;
  readonly by: string | undefined;
  readonly reason: string | undefined;
}

/** What waits in a queue, in all states. */
export interface Waiting {
  readonly pending: number;
  /** Due and not in line yet, counted up to 10000. */
  readonly due: number;
  readonly scheduled: number;
  readonly retry: number;
  readonly aggregating: number;
  readonly active: number;
}

/** Why nothing moves in a queue, or that it does. */
export type QueueWhy = { readonly waiting: Waiting } & (
  | { readonly code: "empty" }
  | { readonly code: "queue_paused"; readonly pause: QueuePauseInfo }
  | { readonly code: "no_worker"; readonly waitingMs: number; readonly silent: readonly HandlerSeen[] }
  | { readonly code: "workers_quiet"; readonly servers: readonly ServerPlace[] }
  /** None of the first tasks in line, of which so many were looked at, has a handler. */
  | {
      readonly code: "types_not_handled";
      readonly types: readonly { readonly type: string; readonly tasks: number }[];
      readonly looked: number;
      readonly servers: readonly ServerPlace[];
    }
  | { readonly code: "order_held"; readonly holder: OrderHolder }
  | { readonly code: "policy_unknown"; readonly policy: string }
  | {
      readonly code: "workers_busy";
      readonly takers: number;
      readonly slots: number;
      readonly waitingMs: number;
      readonly startedPerMinute: number | undefined;
    }
  | {
      readonly code: "moving";
      readonly takers: number;
      readonly waitingMs: number;
      readonly startedPerMinute: number | undefined;
    }
  /** Nothing waits in line; what there is runs. */
  | { readonly code: "running" }
  | { readonly code: "not_due"; readonly nextDueAt: Date; readonly obstacle: Obstacle | undefined }
  | { readonly code: "collected" }
);
