// Generated from the contract by `npm run generate`; do not edit.
// @ts-nocheck

export type ClientOptions = {
    baseUrl: `${string}://${string}` | (string & {});
};

/**
 * Why it is aborted.
 */
export type AbortOperationRequest = {
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * When and what. Time zone: UTC unless named; missed turns: one task for all unless `catch_up` says otherwise.
 */
export type AddScheduleRequest = {
    /**
     * Names the schedule.
     */
    id: string;
    /**
     * Cron of five fields, `@daily` and the like, or `@every 90s`.
     */
    spec: string;
    /**
     * IANA name.
     */
    time_zone?: string;
    /**
     * What becomes of turns that nobody fired: none, one task for all, or one for each of the last.
     */
    catch_up?: 'skip' | 'once' | {
        all: number;
    };
    task: ScheduledTask;
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * Who may do what with it; the key itself is never shown.
 */
export type ApiKey = {
    /**
     * Tells keys apart.
     */
    id: string;
    /**
     * How the key begins, to find where it is used.
     */
    prefix: string;
    name: string;
    scopes: Array<'read' | 'enqueue' | 'operate' | 'admin'>;
    /**
     * The queues that it is for; null for all.
     */
    queues: Array<string> | null;
    created_at: string;
    created_by: string;
    expires_at: string | null;
    /**
     * Within a minute or so; null for never.
     */
    last_used_at: string | null;
};

/**
 * Who changed what, when and from where.
 */
export type AuditEntry = {
    /**
     * Grows from entry to entry.
     */
    position: number;
    at: string;
    /**
     * Who asked for it.
     */
    who: string;
    /**
     * The way by which it came.
     */
    way: 'api' | 'cli' | 'code';
    /**
     * The address that it came from.
     */
    from: string | null;
    /**
     * What was asked for, by its operation id.
     */
    operation: string;
    /**
     * On what, by the names of the operation's parameters.
     */
    on: {
        [key: string]: string;
    };
    reason: string | null;
    /**
     * The rest of what was asked for; payloads and secrets are replaced by how large they were.
     */
    input: unknown;
    /**
     * As whoever carried it out told it; null where nobody could tell.
     */
    before: unknown;
    /**
     * As whoever carried it out told it; null where nobody could tell.
     */
    after: unknown;
    /**
     * `perhaps_done`: its end is not known.
     */
    result: 'done' | 'not_done' | 'perhaps_done';
    /**
     * Why it was not done; null when it was.
     */
    code: string | null;
    /**
     * The status of the HTTP answer.
     */
    status: number | null;
};

/**
 * A change of many tasks, and how far it is.
 */
export type BulkOperation = {
    id: string;
    action: 'run' | 'archive' | 'delete' | 'cancel';
    /**
     * `waits`: nothing was done yet. `aborting`: the slice that is under way is done to its end.
     */
    state: 'waits' | 'running' | 'aborting' | 'done' | 'aborted' | 'failed';
    /**
     * As it was given; null where tasks were named.
     */
    filter: {
        [key: string]: unknown;
    } | null;
    /**
     * How many tasks were named; null where there is a filter.
     */
    tasks_named: number | null;
    reason: string | null;
    who: string;
    created_at: string;
    /**
     * Nothing is done before. A deletion waits a minute.
     */
    starts_at: string;
    started_at: string | null;
    ended_at: string | null;
    progress: {
        /**
         * How many tasks were looked at so far.
         */
        looked_at: number;
        /**
         * How many there were at the start; null where nobody counted.
         */
        to_look_at: number | null;
    };
    /**
     * How many tasks came to which outcome so far.
     */
    counts: {
        done: number;
        perhaps_done: number;
        wrong_state: number;
        not_found: number;
        failed: number;
    };
    /**
     * Outcomes that are counted, but no longer listed one by one.
     */
    outcomes_not_kept: number;
    /**
     * Why it failed.
     */
    problem: string | null;
};

/**
 * What runs, where, since when, until when at most.
 */
export type BusyWorker = {
    server_id: string;
    host: string;
    pid: number;
    build: string | null;
    task_id: string;
    type: string;
    queue: string;
    started_at: string;
    deadline_at: string;
};

/**
 * As the credential of the request says.
 */
export type Caller = {
    /**
     * Of the session; null without one.
     */
    id: string | null;
    who: string;
    scopes: Array<'read' | 'enqueue' | 'operate' | 'admin'>;
    /**
     * The queues that it is limited to; null for all.
     */
    queues: Array<string> | null;
};

/**
 * What is missing stays. A new spec or time zone counts from now on.
 */
export type ChangeScheduleRequest = {
    /**
     * Cron of five fields, `@daily` and the like, or `@every 90s`.
     */
    spec?: string;
    /**
     * IANA name.
     */
    time_zone?: string;
    /**
     * What becomes of turns that nobody fired: none, one task for all, or one for each of the last.
     */
    catch_up?: 'skip' | 'once' | {
        all: number;
    };
    task?: ScheduledTask;
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * Looks at each task.
 */
export type CheckStoreRequest = {
    /**
     * Missing: all queues.
     */
    queues?: Array<string>;
    /**
     * Carries out the repairs that are safe; none throws a task away. Missing means false.
     */
    repair?: boolean;
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * Empty when the store fits together.
 */
export type CheckStoreResponse = {
    findings: Array<{
        /**
         * What it is, by a code that stays the same between releases; docs/doctor.md lists all.
         */
        kind: string;
        /**
         * `error`: the store contradicts itself. `warning`: something needs a person or a worker. `notice`: worth knowing.
         */
        level: 'error' | 'warning' | 'notice';
        /**
         * Null for what concerns the whole store.
         */
        queue: string | null;
        /**
         * Null where it is not about one task.
         */
        task_id: string | null;
        /**
         * What was found, in words, in English.
         */
        detail: string;
        /**
         * The same for programs; docs/doctor.md says which kind has which.
         */
        facts: {
            [key: string]: string | number | boolean | Array<string>;
        };
        /**
         * What was done about it, or would be.
         */
        repair: string;
        /**
         * What that is, in words.
         */
        action: string | null;
    }>;
};

/**
 * What it is for and what it permits.
 */
export type CreateKeyRequest = {
    /**
     * What it is for.
     */
    name: string;
    /**
     * What it permits.
     */
    scopes: Array<'read' | 'enqueue' | 'operate' | 'admin'>;
    /**
     * The queues that it is for: whole names, or the beginning of names with a `*` at its end. Default: all.
     */
    queues?: Array<string>;
    /**
     * From when on it is refused. Default: never.
     */
    expires_at?: string;
    /**
     * Why, for the audit.
     */
    reason?: string;
};

/**
 * Keep the key: nobody can show it again.
 */
export type CreateKeyResponse = {
    /**
     * Tells keys apart.
     */
    id: string;
    /**
     * How the key begins, to find where it is used.
     */
    prefix: string;
    name: string;
    scopes: Array<'read' | 'enqueue' | 'operate' | 'admin'>;
    /**
     * The queues that it is for; null for all.
     */
    queues: Array<string> | null;
    created_at: string;
    created_by: string;
    expires_at: string | null;
    /**
     * Within a minute or so; null for never.
     */
    last_used_at: string | null;
    /**
     * The key itself. It is shown this once.
     */
    key: string;
};

/**
 * What to do with which tasks.
 */
export type CreateOperationRequest = {
    /**
     * `cancel`: what waits is archived, what runs is asked to stop.
     */
    action: 'run' | 'archive' | 'delete' | 'cancel';
    /**
     * These tasks, in place of `filter`.
     */
    tasks?: Array<{
        queue: string;
        id: string;
    }>;
    filter?: TaskConditions;
    /**
     * Only say which tasks it would be; nothing is done.
     */
    dry_run?: boolean;
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * Which tasks it would be. Nothing was done.
 */
export type DryRunResponse = {
    dry_run: true;
    /**
     * How many tasks fit; at least so many where `complete` is false.
     */
    count: number;
    /**
     * How many tasks were looked at.
     */
    scanned: number;
    /**
     * False when the look stopped at its budget: there may be more.
     */
    complete: boolean;
    /**
     * The first of them.
     */
    sample: Array<{
        kind: 'task';
        id: string;
        type: string;
        queue: string;
        state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived';
        /**
         * Only ids that this library makes by itself tell it.
         */
        created_at: string | null;
        /**
         * When it is to run: scheduled and retry only.
         */
        due_at: string | null;
        pending_since: string | null;
        archived_at: string | null;
        completed_at: string | null;
        /**
         * When it may be removed: completed only.
         */
        kept_until: string | null;
        /**
         * Who runs it: active only.
         */
        holder: {
            server_id: string | null;
            claimed_at: string | null;
            lease_ends_at: string | null;
            /**
             * Its lease has ended: another server takes it over.
             */
            lost: boolean;
        } | null;
        /**
         * A payload or a result.
         */
        payload: {
            /**
             * All of it, in base64.
             */
            bytes: string;
            /**
             * In bytes.
             */
            size: number;
            /**
             * `hidden`: the caller may not see it; it has no bytes then.
             */
            kind: 'json' | 'binary' | 'none' | 'hidden';
            /**
             * What it is as JSON; null where it is none.
             */
            value: unknown;
        };
        result: {
            /**
             * All of it, in base64.
             */
            bytes: string;
            /**
             * In bytes.
             */
            size: number;
            /**
             * `hidden`: the caller may not see it; it has no bytes then.
             */
            kind: 'json' | 'binary' | 'none' | 'hidden';
            /**
             * What it is as JSON; null where it is none.
             */
            value: unknown;
        } | null;
        headers: {
            [key: string]: string;
        };
        group: string | null;
        /**
         * It was enqueued as unique; its lock may be over by now.
         */
        unique: boolean;
        max_retry: number;
        retried: number;
        last_error: string | null;
        last_failed_at: string | null;
        timeout_ms: number | null;
        deadline_at: string | null;
        retention_ms: number;
        /**
         * Oldest first, at most 20.
         */
        attempts: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
            started_at: string;
            ended_at: string;
            duration_ms: number;
            outcome: string;
            error: string | null;
            /**
             * Where in the code it came from; of the last 5 attempts.
             */
            stack: string | null;
        }>;
        /**
         * How many workers died or stalled while they ran it, lately.
         */
        lost_attempts: number;
        progress: {
            done: number;
            /**
             * 100 for a percentage; null where nobody knows.
             */
            total: number | null;
            message: string | null;
            told_at: string | null;
            server_id: string | null;
            attempt: number | null;
        } | null;
    } | TaskSummary | {
        kind: 'unreadable';
        id: string;
        queue: string;
        state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived' | null;
        /**
         * Why it can't be read, in words.
         */
        reason: string;
        /**
         * In base64.
         */
        bytes: string | null;
    }>;
};

/**
 * How often a duration lay in which range. Percentiles are estimates within their range; null for none.
 */
export type DurationHistogram = {
    count: number;
    sum_ms: number;
    p50_ms: number | null;
    p95_ms: number | null;
    p99_ms: number | null;
    /**
     * One number for each range that `bucket_ends_ms` names, and a last one for all that is longer.
     */
    buckets: Array<number>;
};

/**
 * What the handler gets.
 */
export type EditPayloadRequest = {
    /**
     * Any JSON. Missing: none.
     */
    payload?: unknown;
    /**
     * Bytes as they are, in base64, in place of `payload`.
     */
    payload_base64?: string;
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * Its type, its payload, and how to enqueue it.
 */
export type EnqueueInQueueRequest = {
    /**
     * Picks its handler.
     */
    type: string;
    /**
     * Any JSON. Missing: none.
     */
    payload?: unknown;
    /**
     * Bytes as they are, in base64, in place of `payload`.
     */
    payload_base64?: string;
    /**
     * Names the task; unique in its queue. Missing: a new UUID. Where it is taken, nothing is enqueued.
     */
    id?: string;
    /**
     * How long from now it is due. Not together with `due_at`.
     */
    delay?: string;
    /**
     * When it is due. A moment that has passed means now.
     */
    due_at?: string;
    /**
     * How often it is tried again.
     */
    max_retry?: number;
    /**
     * How long one attempt may take.
     */
    timeout?: string;
    /**
     * No attempt runs after this moment.
     */
    deadline_at?: string;
    /**
     * How long it is kept with its result after it has succeeded.
     */
    retention?: string;
    /**
     * For how long no equal task (queue, type, payload) is enqueued. At least a second.
     */
    unique_for?: string;
    /**
     * Collects it with others, to be handled as one.
     */
    group?: string;
    /**
     * Only for a sharded queue: equal keys share a shard.
     */
    shard_key?: string;
    /**
     * Texts that travel with it.
     */
    headers?: {
        [key: string]: string;
    };
};

/**
 * Up to 1000.
 */
export type EnqueueManyInQueueRequest = {
    /**
     * Each is answered by itself, in order.
     */
    items: Array<EnqueueInQueueRequest | unknown>;
};

/**
 * Up to 1000.
 */
export type EnqueueManyOfTypeRequest = {
    /**
     * Each is answered by itself, in order.
     */
    items: Array<EnqueueOfTypeRequest | unknown>;
};

/**
 * One outcome for each.
 */
export type EnqueueManyResponse = {
    /**
     * One for each item, in order.
     */
    outcomes: Array<{
        /**
         * As a request for it alone would have been answered.
         */
        status: number;
        id: string | null;
        queue: string | null;
        created: boolean;
        /**
         * What kept it from being enqueued; null where nothing did.
         */
        code: string | null;
        detail: string | null;
        /**
         * Whether to send it again is safe and may do better: it was surely not stored, or its `id` names it.
         */
        retryable: boolean;
        /**
         * Each thing that is wrong with it.
         */
        errors?: Array<ProblemError>;
    }>;
    created: number;
    /**
     * How many were there already.
     */
    existing: number;
    failed: number;
    /**
     * Whether all payloads were checked against a definition.
     */
    checked: boolean;
};

/**
 * Its payload and how to enqueue it.
 */
export type EnqueueOfTypeRequest = {
    /**
     * Any JSON. Missing: none.
     */
    payload?: unknown;
    /**
     * Bytes as they are, in base64, in place of `payload`.
     */
    payload_base64?: string;
    /**
     * The line that it joins.
     */
    queue?: string;
    /**
     * Names the task; unique in its queue. Missing: a new UUID. Where it is taken, nothing is enqueued.
     */
    id?: string;
    /**
     * How long from now it is due. Not together with `due_at`.
     */
    delay?: string;
    /**
     * When it is due. A moment that has passed means now.
     */
    due_at?: string;
    /**
     * How often it is tried again.
     */
    max_retry?: number;
    /**
     * How long one attempt may take.
     */
    timeout?: string;
    /**
     * No attempt runs after this moment.
     */
    deadline_at?: string;
    /**
     * How long it is kept with its result after it has succeeded.
     */
    retention?: string;
    /**
     * For how long no equal task (queue, type, payload) is enqueued. At least a second.
     */
    unique_for?: string;
    /**
     * Collects it with others, to be handled as one.
     */
    group?: string;
    /**
     * Only for a sharded queue: equal keys share a shard.
     */
    shard_key?: string;
    /**
     * Texts that travel with it.
     */
    headers?: {
        [key: string]: string;
    };
};

/**
 * The task, new or found.
 */
export type EnqueueResponse = {
    id: string;
    type: string;
    queue: string;
    /**
     * False: it was there already, and nothing was enqueued.
     */
    created: boolean;
    /**
     * Whether the payload was checked against its type's definition.
     */
    checked: boolean;
    /**
     * Null where it is gone, or the caller may not read tasks.
     */
    state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived' | null;
    /**
     * When it may first run; null where `state` tells no such moment.
     */
    due_at: string | null;
    /**
     * Whether the task that was there has this type and payload. Null for a new one, or where nobody can tell.
     */
    same: boolean | null;
    /**
     * How it ended. Null where nobody waited for it, or it has not ended.
     */
    finished: {
        state: 'completed' | 'archived';
        /**
         * What its handler returned, as JSON; null where there is none.
         */
        result: unknown;
        /**
         * Why it was archived, or its result can't be shown.
         */
        error: string | null;
    } | null;
};

/**
 * The `data` of one event; `event` is its `kind`, and `id` where to go on.
 */
export type Event = {
    kind: 'enqueued';
    at: string;
    queue: string;
    type: string;
    task_id: string;
    state: string;
    due_at: string | null;
} | {
    kind: 'started';
    at: string;
    queue: string;
    type: string;
    task_id: string;
    server_id: string;
    host: string;
    pid: number;
    retried: number;
} | {
    kind: 'progressed';
    at: string;
    queue: string;
    type: string;
    task_id: string;
    server_id: string;
    host: string;
    pid: number;
    done: number;
    total: number | null;
} | {
    kind: 'settled';
    at: string;
    queue: string;
    type: string;
    task_id: string;
    outcome: string;
    attempt: string | null;
    started_at: string | null;
    retry_at: string | null;
    /**
     * The first 200 characters.
     */
    error: string | null;
    server_id: string | null;
    host: string | null;
    pid: number | null;
} | {
    kind: 'server_came';
    at: string;
    server_id: string;
    host: string;
    pid: number;
    queues: Array<string>;
} | {
    kind: 'server_went';
    at: string;
    server_id: string;
    host: string;
    pid: number;
    queues: Array<string>;
} | {
    kind: 'server_told';
    at: string;
    server_id: string;
    order: string;
    by: {
        host: string;
        pid: number;
        who: string | null;
    } | null;
    reason: string | null;
} | {
    kind: 'gap';
    /**
     * So many events are missing here.
     */
    missed: number;
} | {
    kind: 'reset';
};

/**
 * Take all tasks away.
 */
export type EvictServerRequest = {
    /**
     * Why, for the log of the server and the history of its tasks.
     */
    reason?: string;
    /**
     * How long to wait until the server is seen to obey. Missing means 5.
     */
    wait_seconds?: number;
    /**
     * Evicts also a server that was heard of in the last seconds. Missing means false.
     */
    force?: boolean;
};

/**
 * Its tasks wait again. Until `kept_until` it gets no others, but for one of another library, which does not ask.
 */
export type EvictServerResponse = {
    id: string;
    /**
     * `live`: heard of in the last seconds. `silent`: in the last ten minutes. `unknown`: not at all; servers of another library are forgotten within seconds after they die.
     */
    presence: 'live' | 'silent' | 'unknown';
    host: string | null;
    pid: number | null;
    /**
     * False for a server of another library, which can't hear orders; null where that is not known.
     */
    listens: boolean | null;
    /**
     * Whether it was seen to obey.
     */
    acknowledged: boolean;
    /**
     * As it was seen last; `gone` once it took its leave.
     */
    status: 'new' | 'active' | 'stopped' | 'closed' | 'gone' | null;
    /**
     * Until when the order is kept for a server that has not heard it.
     */
    kept_until: string;
    /**
     * How many tasks were taken from it, by queue; they wait in front of their queues now.
     */
    tasks: {
        [key: string]: number;
    };
};

/**
 * As a code with facts, and as a sentence.
 */
export type ExplainQueueResponse = {
    queue: string;
    /**
     * Why nothing moves in a queue, or that it does: a code, and the facts behind it.
     */
    why: {
        code: 'empty';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
    } | {
        code: 'queue_paused';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        pause: {
            since: string | null;
            by: string | null;
            reason: string | null;
        };
    } | {
        code: 'no_worker';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        waiting_ms: number;
        silent: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
            seen_at: string;
            /**
             * It fell silent then, or it ran this very task.
             */
            by: 'silent' | 'attempt';
        }>;
    } | {
        code: 'workers_quiet';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        servers: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
        }>;
    } | {
        code: 'types_not_handled';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        types: Array<{
            type: string;
            tasks: number;
        }>;
        /**
         * At how many of the first tasks in line the server looked.
         */
        looked: number;
        servers: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
        }>;
    } | {
        code: 'order_held';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        /**
         * What holds an ordered queue: the task that runs, or the failed one whose turn comes first.
         */
        holder: {
            by: 'running' | 'retry';
            task_id: string;
            due_at: string | null;
            server: {
                server_id: string;
                host: string;
                pid: number;
                directory: string | null;
                build: string | null;
            } | null;
            lease_ends_at: string | null;
        };
    } | {
        code: 'policy_unknown';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        policy: string;
    } | {
        code: 'workers_busy';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        takers: number;
        slots: number;
        waiting_ms: number;
        started_per_minute: number | null;
    } | {
        code: 'moving';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        takers: number;
        waiting_ms: number;
        started_per_minute: number | null;
    } | {
        code: 'running';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
    } | {
        code: 'not_due';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
        next_due_at: string;
        /**
         * What would hold it back if it were due now.
         */
        obstacle: 'queue_paused' | 'no_worker' | 'workers_quiet' | 'type_not_handled' | null;
    } | {
        code: 'collected';
        /**
         * Tasks by state; `due`: due and not in line yet, up to 10000.
         */
        waiting: {
            pending: number;
            due: number;
            scheduled: number;
            retry: number;
            aggregating: number;
            active: number;
        };
    };
    /**
     * The same in one English sentence, made of nothing but code and facts.
     */
    sentence: string;
};

/**
 * As a code with facts, and as a sentence.
 */
export type ExplainTaskResponse = {
    queue: string;
    id: string;
    state: string | null;
    /**
     * Why a task is where it is: a code, and the facts behind it.
     */
    why: {
        code: 'not_due';
        due_at: string;
        /**
         * What would hold it back if it were due now.
         */
        obstacle: 'queue_paused' | 'no_worker' | 'workers_quiet' | 'type_not_handled' | null;
    } | {
        code: 'backing_off';
        due_at: string;
        /**
         * Which of its retries that will be; 0 when its failures did not count.
         */
        retry: number;
        max_retry: number;
        error: string;
        /**
         * What would hold it back if it were due now.
         */
        obstacle: 'queue_paused' | 'no_worker' | 'workers_quiet' | 'type_not_handled' | null;
    } | {
        code: 'queue_paused';
        /**
         * Since when it is due.
         */
        since: string | null;
        pause: {
            since: string | null;
            by: string | null;
            reason: string | null;
        };
    } | {
        code: 'no_worker';
        /**
         * Since when it is due.
         */
        since: string | null;
        seen: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
            seen_at: string;
            /**
             * It fell silent then, or it ran this very task.
             */
            by: 'silent' | 'attempt';
        }>;
    } | {
        code: 'workers_quiet';
        /**
         * Since when it is due.
         */
        since: string | null;
        servers: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
        }>;
    } | {
        code: 'type_not_handled';
        /**
         * Since when it is due.
         */
        since: string | null;
        type: string;
        servers: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
        }>;
        /**
         * Who handled it before, the last first.
         */
        seen: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
            seen_at: string;
            /**
             * It fell silent then, or it ran this very task.
             */
            by: 'silent' | 'attempt';
        }>;
    } | {
        code: 'runs_apart';
        /**
         * Since when it is due.
         */
        since: string | null;
        lost_attempts: number;
    } | {
        code: 'order_held';
        /**
         * Since when it is due.
         */
        since: string | null;
        /**
         * What holds an ordered queue: the task that runs, or the failed one whose turn comes first.
         */
        holder: {
            by: 'running' | 'retry';
            task_id: string;
            due_at: string | null;
            server: {
                server_id: string;
                host: string;
                pid: number;
                directory: string | null;
                build: string | null;
            } | null;
            lease_ends_at: string | null;
        };
        ahead: number | null;
    } | {
        code: 'policy_unknown';
        /**
         * Since when it is due.
         */
        since: string | null;
        policy: string;
    } | {
        code: 'workers_busy';
        /**
         * Since when it is due.
         */
        since: string | null;
        /**
         * How many are before it, up to 10000; null before it joined the line.
         */
        ahead: number | null;
        forecast: {
            kind: 'about';
            at: string;
            started_per_minute: number;
        } | {
            kind: 'unknown';
            /**
             * Nobody counts what the queue starts; or nothing was started in the last minutes.
             */
            because: 'not_counted' | 'stands_still';
        };
        takers: number;
        slots: number;
    } | {
        code: 'in_line';
        /**
         * Since when it is due.
         */
        since: string | null;
        /**
         * How many are before it, up to 10000; null before it joined the line.
         */
        ahead: number | null;
        forecast: {
            kind: 'about';
            at: string;
            started_per_minute: number;
        } | {
            kind: 'unknown';
            /**
             * Nobody counts what the queue starts; or nothing was started in the last minutes.
             */
            because: 'not_counted' | 'stands_still';
        };
        takers: number;
    } | {
        code: 'collected';
        group: string;
        /**
         * Null where the group was taken out to be handled.
         */
        size: number | null;
        oldest_at: string | null;
        newest_at: string | null;
    } | {
        code: 'running';
        server: {
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
        } | null;
        server_id: string | null;
        started_at: string | null;
        lease_ends_at: string | null;
        silent_since: string | null;
        /**
         * Its lease has ended: another server takes it over, if nothing holds that back.
         */
        lost: boolean;
        /**
         * What holds back that another server takes it over. Null while its own server is there.
         */
        obstacle: 'queue_paused' | 'no_worker' | 'workers_quiet' | 'type_not_handled' | null;
    } | {
        code: 'archived';
        at: string | null;
        because: 'retries_used' | 'failed_for_good' | 'told' | 'unknown';
        error: string;
        retried: number;
        max_retry: number;
        by: {
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
        } | null;
    } | {
        code: 'completed';
        at: string | null;
        kept_until: string | null;
        by: {
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
        } | null;
    } | {
        code: 'unreadable';
        reason: string;
    };
    /**
     * The same in one English sentence, made of nothing but code and facts.
     */
    sentence: string;
};

/**
 * Tasks that are collected to be handled as one.
 */
export type Group = {
    group: string;
    /**
     * Tasks that wait in it; those that are being aggregated do not count.
     */
    size: number;
    /**
     * When its oldest task joined it.
     */
    oldest_at: string | null;
    newest_at: string | null;
};

/**
 * What became of its tasks.
 */
export type GroupChangeResponse = {
    queue: string;
    group: string;
    changed: number;
    /**
     * How many were left as they were, by reason.
     */
    refused: {
        [key: string]: number;
    };
    /**
     * False when the time was up before the end: ask again for the rest.
     */
    complete: boolean;
};

/**
 * Which task types a server can run.
 */
export type HandledTypes = {
    /**
     * It handles every type; the lists are empty then.
     */
    all: boolean;
    /**
     * Whole types.
     */
    exact: Array<string>;
    /**
     * Beginnings of types.
     */
    prefixes: Array<string>;
};

/**
 * What is not as it should be: who works, what waits for nobody, what failed for good lately, settings.
 */
export type ListFindingsResponse = {
    /**
     * When the store was asked; an answer is given out for five seconds.
     */
    checked_at: string;
    queues_checked: number;
    /**
     * How many queues were not looked at, because there are so many.
     */
    queues_left_out: number;
    /**
     * Errors first, then warnings, then notices.
     */
    findings: Array<StoreFinding>;
};

/**
 * A page of the groups that hold tasks.
 */
export type ListGroupsResponse = {
    /**
     * Sorted by name.
     */
    groups: Array<Group>;
    /**
     * The `cursor` of what follows; null at the end. A page may be empty and have a next.
     */
    next: string | null;
};

/**
 * A page of the store's queues.
 */
export type ListQueuesResponse = {
    /**
     * Sorted by name.
     */
    queues: Array<QueueSummary>;
    /**
     * The `cursor` of what follows; null at the end. A page may be empty and have a next.
     */
    next: string | null;
};

/**
 * Entries of code and of the store, Go's too, as the schedulers announced them last.
 */
export type ListSchedulerEntriesResponse = {
    /**
     * Sorted by scheduler and id.
     */
    entries: Array<{
        id: string;
        scheduler_id: string;
        spec: string;
        type: string;
        options: Array<string>;
        next_at: string | null;
        previous_at: string | null;
    }>;
    /**
     * The `cursor` of what follows; null at the end. A page may be empty and have a next.
     */
    next: string | null;
};

/**
 * A page of the schedules in the store.
 */
export type ListSchedulesResponse = {
    /**
     * Sorted by id.
     */
    schedules: Array<Schedule>;
    /**
     * The `cursor` of what follows; null at the end. A page may be empty and have a next.
     */
    next: string | null;
};

/**
 * Who works on the queues.
 */
export type ListServersResponse = {
    /**
     * Those that are there, then those that fell silent.
     */
    servers: Array<WorkerServer>;
};

/**
 * The tasks that were enqueued for it.
 */
export type ListTurnsResponse = {
    /**
     * The newest first, of the last 1000 that are kept.
     */
    turns: Array<{
        task_id: string;
        at: string;
    }>;
    /**
     * The `cursor` of what follows; null at the end. A page may be empty and have a next.
     */
    next: string | null;
};

/**
 * Those with a definition, and those handled.
 */
export type ListTypesResponse = {
    /**
     * Sorted by name.
     */
    types: Array<TaskType>;
};

/**
 * As the servers told of themselves last.
 */
export type ListWorkersResponse = {
    /**
     * The longest running first.
     */
    workers: Array<BusyWorker>;
    /**
     * The `cursor` of what follows; null at the end. A page may be empty and have a next.
     */
    next: string | null;
};

/**
 * What can be asked, and what is answered.
 */
export type OpenApiDocument = {
    openapi: string;
    paths: {
        [key: string]: unknown;
    };
    [key: string]: unknown;
};

/**
 * An error answer after RFC 9457.
 */
export type Problem = {
    /**
     * Names the kind of problem: a URI reference.
     */
    type: string;
    /**
     * The kind of problem in words.
     */
    title: string;
    /**
     * The HTTP status, repeated.
     */
    status: number;
    /**
     * The kind of problem, as a word that stays the same between releases: branch on this.
     */
    code: 'bad_request' | 'malformed_body' | 'unauthenticated' | 'forbidden' | 'not_found' | 'type_not_found' | 'method_not_allowed' | 'request_timeout' | 'precondition_failed' | 'body_too_large' | 'unsupported_media_type' | 'range_not_satisfiable' | 'wrong_host' | 'invalid_body' | 'invalid_path' | 'invalid_query' | 'invalid_headers' | 'idempotency_conflict' | 'rate_limited' | 'headers_too_large' | 'internal_error' | 'overloaded' | 'invalid_option' | 'invalid_payload' | 'task_exists' | 'task_id_taken' | 'task_not_found' | 'queue_not_found' | 'entry_not_found' | 'entry_exists' | 'task_archived' | 'wrong_state' | 'lease_lost' | 'evicted' | 'broker_unavailable' | 'answer_lost' | 'not_acknowledged' | 'deadline_exceeded' | 'cancelled' | 'store_rejected' | 'closed' | 'corrupt_data';
    /**
     * What happened this time and what to do.
     */
    detail: string;
    /**
     * Names this one occurrence: a URI reference.
     */
    instance?: string;
    /**
     * Each thing that is wrong, if it can be named.
     */
    errors?: Array<ProblemError>;
    [key: string]: unknown;
};

/**
 * Names the place and what is wrong there.
 */
export type ProblemError = {
    /**
     * Where it is: `body`, `query`, `path` or `header`, then the path of names joined by dots.
     */
    location: string;
    /**
     * What was expected, what came, what to do.
     */
    message: string;
    /**
     * What came; left out where nothing came.
     */
    value?: unknown;
};

/**
 * With numbers that take a little longer to find.
 */
export type QueueDetail = {
    queue: string;
    /**
     * Nothing is taken from it until it is resumed.
     */
    paused: boolean;
    /**
     * Null while it is not paused.
     */
    pause: {
        since: string | null;
        /**
         * Null where the program that paused it did not say.
         */
        by: string | null;
        reason: string | null;
    } | null;
    /**
     * By what tasks are taken from it; null for no order.
     */
    policy: string | null;
    /**
     * Tasks in all states together.
     */
    size: number;
    /**
     * Tasks by state.
     */
    counts: {
        pending: number;
        active: number;
        scheduled: number;
        retry: number;
        aggregating: number;
        completed: number;
        archived: number;
    };
    /**
     * Attempts that ended today (UTC).
     */
    processed_today: number;
    processed_total: number;
    /**
     * Counted failures among them.
     */
    failed_today: number;
    failed_total: number;
    /**
     * How long the task that is next in line has waited; 0 for none.
     */
    latency_ms: number;
    /**
     * Scheduled and retry tasks that are due and not in line yet, up to 10000.
     */
    due: number;
    /**
     * For how long the first of them has been due; 0 for none.
     */
    overdue_ms: number;
    /**
     * How much room its tasks take, estimated from a few of them; null where the store does not tell.
     */
    memory_bytes: number | null;
    memory_unknown_because: string | null;
    /**
     * How many groups hold tasks.
     */
    groups: number;
};

/**
 * Stores keep 90 days.
 */
export type QueueHistory = {
    /**
     * Today first, days without work included.
     */
    days: Array<{
        /**
         * In UTC.
         */
        day: string;
        /**
         * Attempts that ended.
         */
        processed: number;
        succeeded: number;
        failed: number;
    }>;
};

/**
 * Whether it is paused, and was it before.
 */
export type QueuePauseResponse = {
    queue: string;
    paused: boolean;
    /**
     * False when it was so before.
     */
    changed: boolean;
};

/**
 * A queue at one moment.
 */
export type QueueSummary = {
    queue: string;
    /**
     * Nothing is taken from it until it is resumed.
     */
    paused: boolean;
    /**
     * Null while it is not paused.
     */
    pause: {
        since: string | null;
        /**
         * Null where the program that paused it did not say.
         */
        by: string | null;
        reason: string | null;
    } | null;
    /**
     * By what tasks are taken from it; null for no order.
     */
    policy: string | null;
    /**
     * Tasks in all states together.
     */
    size: number;
    /**
     * Tasks by state.
     */
    counts: {
        pending: number;
        active: number;
        scheduled: number;
        retry: number;
        aggregating: number;
        completed: number;
        archived: number;
    };
    /**
     * Attempts that ended today (UTC).
     */
    processed_today: number;
    processed_total: number;
    /**
     * Counted failures among them.
     */
    failed_today: number;
    failed_total: number;
    /**
     * How long the task that is next in line has waited; 0 for none.
     */
    latency_ms: number;
    /**
     * Scheduled and retry tasks that are due and not in line yet, up to 10000.
     */
    due: number;
    /**
     * For how long the first of them has been due; 0 for none.
     */
    overdue_ms: number;
};

/**
 * Take no new tasks.
 */
export type QuietServerRequest = {
    /**
     * Why, for the log of the server and the history of its tasks.
     */
    reason?: string;
    /**
     * How long to wait until the server is seen to obey. Missing means 5.
     */
    wait_seconds?: number;
};

/**
 * Why something is changed.
 */
export type ReasonGiven = {
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * Names the lock of equal tasks.
 */
export type ReleaseLockRequest = {
    /**
     * The type of the unique task.
     */
    type: string;
    /**
     * Its payload as JSON; missing for none.
     */
    payload?: unknown;
    /**
     * The payload's bytes, instead of `payload`.
     */
    payload_base64?: string;
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * Who owned it.
 */
export type ReleaseLockResponse = {
    /**
     * The task that owned the lock; null for no lock.
     */
    task_id: string | null;
};

/**
 * How many tasks went with it.
 */
export type RemoveQueueResponse = {
    queue: string;
    removed_tasks: number;
};

/**
 * Its tasks that are enqueued stay.
 */
export type RemoveScheduleResponse = {
    id: string;
};

/**
 * When a task is to run.
 */
export type RescheduleRequest = {
    /**
     * When it is due. A moment that has passed means now.
     */
    due_at?: string;
    /**
     * How long from now it is due, in place of `due_at`.
     */
    delay?: string;
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * What was enqueued.
 */
export type RunScheduleResponse = {
    task_id: string;
    type: string;
    queue: string;
    state: 'pending' | 'scheduled' | 'aggregating';
    due_at: string;
};

/**
 * One task that a server runs now.
 */
export type RunningTask = {
    task_id: string;
    type: string;
    queue: string;
    started_at: string;
    deadline_at: string;
};

/**
 * A periodic task that is kept in the store.
 */
export type Schedule = {
    id: string;
    spec: string;
    time_zone: string;
    catch_up: 'skip' | 'once' | {
        all: number;
    };
    type: string;
    queue: string;
    /**
     * As JSON; null where it is none.
     */
    payload: unknown;
    /**
     * All bytes of it; null for none.
     */
    payload_base64: string | null;
    /**
     * As Asynq writes them.
     */
    options: Array<string>;
    paused: boolean;
    /**
     * Null while it is paused, and when its spec never matches.
     */
    next_at: string | null;
    /**
     * As live schedulers tell it; null where they know of no turn.
     */
    previous_at: string | null;
    /**
     * How many live schedulers fire it. 0: its turns wait for one.
     */
    schedulers: number;
    revision: number;
};

/**
 * What is enqueued at each turn.
 */
export type ScheduledTask = {
    /**
     * Picks its handler.
     */
    type: string;
    /**
     * Any JSON. Missing: none.
     */
    payload?: unknown;
    /**
     * Bytes as they are, in base64, in place of `payload`.
     */
    payload_base64?: string;
    /**
     * Names the task; unique in its queue. Missing: a new UUID. Where it is taken, nothing is enqueued.
     */
    id?: string;
    /**
     * How long from now it is due. Not together with `due_at`.
     */
    delay?: string;
    /**
     * How often it is tried again.
     */
    max_retry?: number;
    /**
     * How long one attempt may take.
     */
    timeout?: string;
    /**
     * No attempt runs after this moment.
     */
    deadline_at?: string;
    /**
     * How long it is kept with its result after it has succeeded.
     */
    retention?: string;
    /**
     * For how long no equal task (queue, type, payload) is enqueued. At least a second.
     */
    unique_for?: string;
    /**
     * Collects it with others, to be handled as one.
     */
    group?: string;
    /**
     * Texts that travel with it.
     */
    headers?: {
        [key: string]: string;
    };
    /**
     * Missing: as its definition says, or `default`.
     */
    queue?: string;
};

/**
 * A page of tasks.
 */
export type SearchTasksResponse = {
    /**
     * Queue by queue, within a queue state by state, in the order in which they are to run or ended.
     */
    tasks: Array<{
        kind: 'task';
        id: string;
        type: string;
        queue: string;
        state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived';
        /**
         * Only ids that this library makes by itself tell it.
         */
        created_at: string | null;
        /**
         * When it is to run: scheduled and retry only.
         */
        due_at: string | null;
        pending_since: string | null;
        archived_at: string | null;
        completed_at: string | null;
        /**
         * When it may be removed: completed only.
         */
        kept_until: string | null;
        /**
         * Who runs it: active only.
         */
        holder: {
            server_id: string | null;
            claimed_at: string | null;
            lease_ends_at: string | null;
            /**
             * Its lease has ended: another server takes it over.
             */
            lost: boolean;
        } | null;
        /**
         * A payload or a result.
         */
        payload: {
            /**
             * All of it, in base64.
             */
            bytes: string;
            /**
             * In bytes.
             */
            size: number;
            /**
             * `hidden`: the caller may not see it; it has no bytes then.
             */
            kind: 'json' | 'binary' | 'none' | 'hidden';
            /**
             * What it is as JSON; null where it is none.
             */
            value: unknown;
        };
        result: {
            /**
             * All of it, in base64.
             */
            bytes: string;
            /**
             * In bytes.
             */
            size: number;
            /**
             * `hidden`: the caller may not see it; it has no bytes then.
             */
            kind: 'json' | 'binary' | 'none' | 'hidden';
            /**
             * What it is as JSON; null where it is none.
             */
            value: unknown;
        } | null;
        headers: {
            [key: string]: string;
        };
        group: string | null;
        /**
         * It was enqueued as unique; its lock may be over by now.
         */
        unique: boolean;
        max_retry: number;
        retried: number;
        last_error: string | null;
        last_failed_at: string | null;
        timeout_ms: number | null;
        deadline_at: string | null;
        retention_ms: number;
        /**
         * Oldest first, at most 20.
         */
        attempts: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
            started_at: string;
            ended_at: string;
            duration_ms: number;
            outcome: string;
            error: string | null;
            /**
             * Where in the code it came from; of the last 5 attempts.
             */
            stack: string | null;
        }>;
        /**
         * How many workers died or stalled while they ran it, lately.
         */
        lost_attempts: number;
        progress: {
            done: number;
            /**
             * 100 for a percentage; null where nobody knows.
             */
            total: number | null;
            message: string | null;
            told_at: string | null;
            server_id: string | null;
            attempt: number | null;
        } | null;
    } | TaskSummary | {
        kind: 'unreadable';
        id: string;
        queue: string;
        state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived' | null;
        /**
         * Why it can't be read, in words.
         */
        reason: string;
        /**
         * In base64.
         */
        bytes: string | null;
    }>;
    /**
     * The `cursor` of what follows; null at the end. A page may be empty and have a next.
     */
    next: string | null;
    /**
     * How many entries were looked at for this page.
     */
    scanned: number;
    /**
     * False when the search stopped at its budget before the page was full: go on with `next`.
     */
    complete: boolean;
};

/**
 * Whether the server is there, and whether it was seen to obey.
 */
export type ServerOrderResponse = {
    id: string;
    /**
     * `live`: heard of in the last seconds. `silent`: in the last ten minutes. `unknown`: not at all; servers of another library are forgotten within seconds after they die.
     */
    presence: 'live' | 'silent' | 'unknown';
    host: string | null;
    pid: number | null;
    /**
     * False for a server of another library, which can't hear orders; null where that is not known.
     */
    listens: boolean | null;
    /**
     * Whether it was seen to obey.
     */
    acknowledged: boolean;
    /**
     * As it was seen last; `gone` once it took its leave.
     */
    status: 'new' | 'active' | 'stopped' | 'closed' | 'gone' | null;
    /**
     * Until when the order is kept for a server that has not heard it.
     */
    kept_until: string;
};

/**
 * Why somebody should look at it.
 */
export type ServerWarning = {
    /**
     * What is wrong, as a word that stays the same between releases; see docs/servers.md.
     */
    kind: 'other_build' | 'other_directory' | 'older_process' | 'gone' | 'silent' | 'blocked' | 'clock_offset' | 'foreign';
    /**
     * In words that name the server, and the one that it is compared with.
     */
    detail: string;
};

/**
 * Somebody who signed in with a browser.
 */
export type Session = {
    /**
     * Tells sessions apart; it is no secret.
     */
    id: string;
    who: string;
    scopes: Array<'read' | 'enqueue' | 'operate' | 'admin'>;
    /**
     * The queues that it is limited to; null for all.
     */
    queues: Array<string> | null;
    created_at: string;
    ends_at: string;
    /**
     * The address that it was begun from.
     */
    from: string | null;
};

/**
 * All shards together; `latency_ms` and `overdue_ms` are those of the slowest.
 */
export type ShardedQueue = {
    queue: string;
    /**
     * Tasks in all states together.
     */
    size: number;
    /**
     * Tasks by state.
     */
    counts: {
        pending: number;
        active: number;
        scheduled: number;
        retry: number;
        aggregating: number;
        completed: number;
        archived: number;
    };
    /**
     * Attempts that ended today (UTC).
     */
    processed_today: number;
    processed_total: number;
    /**
     * Counted failures among them.
     */
    failed_today: number;
    failed_total: number;
    /**
     * How long the task that is next in line has waited; 0 for none.
     */
    latency_ms: number;
    /**
     * Scheduled and retry tasks that are due and not in line yet, up to 10000.
     */
    due: number;
    /**
     * For how long the first of them has been due; 0 for none.
     */
    overdue_ms: number;
    /**
     * How many of the shards below are paused.
     */
    paused: 'none' | 'some' | 'all';
    /**
     * Those that ever had a task.
     */
    shards: Array<QueueSummary>;
    /**
     * Queues named like it, or like a shard that it does not have: no worker of it sees their tasks.
     */
    stray: Array<string>;
};

/**
 * What was counted of some tasks in some time.
 */
export type StatisticsNumbers = {
    /**
     * New tasks of clients, schedules and groups.
     */
    enqueued: number;
    /**
     * Attempts whose handler was called.
     */
    started: number;
    succeeded: number;
    /**
     * Failures that spent a retry, or archived the task.
     */
    failed: number;
    /**
     * Attempts after which the task waits for its next one.
     */
    retried: number;
    archived: number;
    /**
     * Attempts whose worker died or stalled.
     */
    lost: number;
    /**
     * From the moment that a task joined its line to its start, without the delay that was asked for.
     */
    lateness: DurationHistogram;
    /**
     * How long attempts ran that succeeded.
     */
    succeeded_run: DurationHistogram;
    /**
     * How long attempts ran that did not.
     */
    failed_run: DurationHistogram;
};

/**
 * The sums of what servers, clients and schedulers have reported so far. The last seconds lack, and so does what a process had not reported when it died. Go's programs report nothing.
 */
export type StatisticsResponse = {
    /**
     * How long the time of each point is. Days are those of UTC.
     */
    resolution: 'minute' | 'ten_minutes' | 'day';
    /**
     * Beginning of the first point. Later than asked for where numbers that old are not kept.
     */
    from: string;
    /**
     * End of the last point.
     */
    to: string;
    /**
     * The upper ends of the ranges of every histogram, each included.
     */
    bucket_ends_ms: Array<number>;
    total: StatisticsNumbers;
    /**
     * Oldest first, also where nothing was reported.
     */
    points: Array<{
        /**
         * The beginning of its time.
         */
        at: string;
        /**
         * New tasks of clients, schedules and groups.
         */
        enqueued: number;
        /**
         * Attempts whose handler was called.
         */
        started: number;
        succeeded: number;
        /**
         * Failures that spent a retry, or archived the task.
         */
        failed: number;
        /**
         * Attempts after which the task waits for its next one.
         */
        retried: number;
        archived: number;
        /**
         * Attempts whose worker died or stalled.
         */
        lost: number;
        /**
         * From the moment that a task joined its line to its start, without the delay that was asked for.
         */
        lateness: DurationHistogram;
        /**
         * How long attempts ran that succeeded.
         */
        succeeded_run: DurationHistogram;
        /**
         * How long attempts ran that did not.
         */
        failed_run: DurationHistogram;
    }>;
    /**
     * The whole range of each type of each queue, by names. Null if not asked for.
     */
    parts: Array<{
        queue: string;
        type: string;
        /**
         * New tasks of clients, schedules and groups.
         */
        enqueued: number;
        /**
         * Attempts whose handler was called.
         */
        started: number;
        succeeded: number;
        /**
         * Failures that spent a retry, or archived the task.
         */
        failed: number;
        /**
         * Attempts after which the task waits for its next one.
         */
        retried: number;
        archived: number;
        /**
         * Attempts whose worker died or stalled.
         */
        lost: number;
        /**
         * From the moment that a task joined its line to its start, without the delay that was asked for.
         */
        lateness: DurationHistogram;
        /**
         * How long attempts ran that succeeded.
         */
        succeeded_run: DurationHistogram;
        /**
         * How long attempts ran that did not.
         */
        failed_run: DurationHistogram;
    }> | null;
};

/**
 * Finish and end.
 */
export type StopServerRequest = {
    /**
     * Why, for the log of the server and the history of its tasks.
     */
    reason?: string;
    /**
     * How long to wait until the server is seen to obey. Missing means 5.
     */
    wait_seconds?: number;
    /**
     * How long running tasks may go on. Missing means as the server's own settings say.
     */
    timeout_seconds?: number;
};

/**
 * Which store it is, how large, and how writing to it goes.
 */
export type Store = {
    kind: 'redis' | 'sqlite';
    /**
     * Where the tasks lie, without secrets.
     */
    location: string;
    /**
     * The one server or file, or each master of a cluster.
     */
    parts: Array<{
        location: string;
        version: string | null;
        /**
         * The room that everything in it takes.
         */
        bytes: number | null;
        /**
         * Null for no limit, and where it does not tell.
         */
        bytes_limit: number | null;
    }>;
    queues: number;
    /**
     * How far this server's clock is ahead of the store's.
     */
    clock_offset_ms: number | null;
    /**
     * Calls of this server that have written tasks.
     */
    written: number;
    /**
     * Kinds of calls of this server of which the last ones failed.
     */
    failing_writes: Array<{
        kind: 'enqueue' | 'claim' | 'settle' | 'extend' | 'announce';
        since: string;
        latest: string;
        calls: number;
        reason: string;
    }>;
};

/**
 * One thing that is not as it should be.
 */
export type StoreFinding = {
    /**
     * What it is, by a code that stays the same between releases; docs/doctor.md lists all.
     */
    kind: string;
    /**
     * `error`: the store contradicts itself. `warning`: something needs a person or a worker. `notice`: worth knowing.
     */
    level: 'error' | 'warning' | 'notice';
    /**
     * Null for what concerns the whole store.
     */
    queue: string | null;
    /**
     * Null where it is not about one task.
     */
    task_id: string | null;
    /**
     * What was found, in words, in English.
     */
    detail: string;
    /**
     * The same for programs; docs/doctor.md says which kind has which.
     */
    facts: {
        [key: string]: string | number | boolean | Array<string>;
    };
};

/**
 * What was done, and where it is now.
 */
export type TaskChangeResponse = {
    queue: string;
    id: string;
    /**
     * `cancelled`: it waited, and is archived now. `asked_to_stop`: a worker runs it, and was told.
     */
    done: 'run' | 'archived' | 'cancelled' | 'asked_to_stop' | 'rescheduled' | 'edited' | 'deleted';
    /**
     * Where it is now; null where it is gone, or not known.
     */
    state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived' | null;
};

/**
 * Which tasks: those that fit all of it.
 */
export type TaskConditions = {
    /**
     * Only of this queue; may come several times.
     */
    queue?: string | Array<string>;
    /**
     * Only in this state; may come several times.
     */
    state?: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived' | Array<'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived'>;
    /**
     * Of aggregating tasks, only those of this group.
     */
    group?: string;
    /**
     * The whole type.
     */
    type?: string;
    /**
     * How the id begins.
     */
    id_prefix?: string;
    /**
     * Part of the last error; ASCII letters in either case.
     */
    error?: string;
    /**
     * Part of the payload, as text.
     */
    payload?: string;
    /**
     * Part of the payload, as bytes.
     */
    payload_base64?: string;
    /**
     * Keys of the payload's JSON, joined by dots, whose value is `payload_value`.
     */
    payload_path?: string;
    /**
     * A text, number, true, false or null, as JSON; what is none is a text: `42` is a number, `"42"` a text.
     */
    payload_value?: string;
    /**
     * Due, archived, completed or waiting since this moment or later, as the state says.
     */
    from?: string;
    /**
     * The same, before this moment.
     */
    before?: string;
};

/**
 * Without its payload, result, headers and attempts.
 */
export type TaskSummary = {
    kind: 'task';
    id: string;
    type: string;
    queue: string;
    state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived';
    /**
     * Only ids that this library makes by itself tell it.
     */
    created_at: string | null;
    /**
     * When it is to run: scheduled and retry only.
     */
    due_at: string | null;
    pending_since: string | null;
    archived_at: string | null;
    completed_at: string | null;
    /**
     * When it may be removed: completed only.
     */
    kept_until: string | null;
    /**
     * Who runs it: active only.
     */
    holder: {
        server_id: string | null;
        claimed_at: string | null;
        lease_ends_at: string | null;
        /**
         * Its lease has ended: another server takes it over.
         */
        lost: boolean;
    } | null;
    group: string | null;
    /**
     * It was enqueued as unique; its lock may be over by now.
     */
    unique: boolean;
    max_retry: number;
    retried: number;
    last_error: string | null;
    last_failed_at: string | null;
    timeout_ms: number | null;
    deadline_at: string | null;
    retention_ms: number;
    /**
     * How many workers died or stalled while they ran it, lately.
     */
    lost_attempts: number;
    progress: {
        done: number;
        /**
         * 100 for a percentage; null where nobody knows.
         */
        total: number | null;
        message: string | null;
        told_at: string | null;
        server_id: string | null;
        attempt: number | null;
    } | null;
    /**
     * In bytes.
     */
    payload_size: number;
};

/**
 * What is known of it, and who runs it.
 */
export type TaskType = {
    type: string;
    /**
     * Whether a definition is known here. Without one, only live servers tell of the type.
     */
    defined: boolean;
    /**
     * Which line its tasks join unless told otherwise.
     */
    queue: string | null;
    /**
     * JSON Schema (draft 2020-12) of its payload; null where its definition can't give one.
     */
    payload_schema: {
        [key: string]: unknown;
    } | null;
    result_schema: {
        [key: string]: unknown;
    } | null;
    /**
     * How its tasks are enqueued unless told otherwise.
     */
    defaults: {
        max_retry: number;
        timeout_ms: number | null;
        deadline_at: string | null;
        retention_ms: number;
        unique_for_ms: number | null;
        group: string | null;
        headers: {
            [key: string]: string;
        };
    } | null;
    /**
     * The live servers of this library that would run it. Others do not say what they run.
     */
    handlers: Array<{
        server_id: string;
        host: string;
        pid: number;
        build: string | null;
    }>;
};

/**
 * Adds it, or changes it to be like this. An equal one is left alone; a paused one stays paused.
 */
export type UpsertScheduleRequest = {
    /**
     * Cron of five fields, `@daily` and the like, or `@every 90s`.
     */
    spec: string;
    /**
     * IANA name.
     */
    time_zone?: string;
    /**
     * What becomes of turns that nobody fired: none, one task for all, or one for each of the last.
     */
    catch_up?: 'skip' | 'once' | {
        all: number;
    };
    task: ScheduledTask;
    /**
     * Why, for whoever looks later.
     */
    reason?: string;
};

/**
 * As it told of itself last.
 */
export type WorkerServer = {
    id: string;
    host: string;
    pid: number;
    /**
     * `active`: takes tasks. `stopped`: quiet, takes none. `closed`: is stopping.
     */
    status: 'new' | 'active' | 'stopped' | 'closed';
    /**
     * Since when it has not been heard of, at most ten minutes; null for one that is there.
     */
    silent_since: string | null;
    started_at: string;
    /**
     * How many tasks it runs at most at the same time.
     */
    concurrency: number;
    /**
     * Queue names with their priorities.
     */
    queues: {
        [key: string]: number;
    };
    strict_priority: boolean;
    running: Array<RunningTask>;
    /**
     * Version of the library.
     */
    version: string | null;
    /**
     * Names the code that it runs, such as a commit.
     */
    build: string | null;
    directory: string | null;
    command_line: string | null;
    handles: HandledTypes | null;
    /**
     * When the store last answered when it asked for tasks.
     */
    last_claim_at: string | null;
    /**
     * The longest time that its event loop was kept from turning in the last seconds.
     */
    loop_delay_ms: number | null;
    /**
     * How far its clock is ahead of the store's.
     */
    clock_offset_ms: number | null;
    warnings: Array<ServerWarning>;
};

export type ListQueuesData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/queues';
};

export type ListQueuesErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListQueuesError = ListQueuesErrors[keyof ListQueuesErrors];

export type ListQueuesResponses = {
    /**
     * A page of the store's queues.
     */
    200: ListQueuesResponse;
};

export type ListQueuesResponse2 = ListQueuesResponses[keyof ListQueuesResponses];

export type RemoveQueueData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query?: {
        /**
         * Removes its tasks too. Without it only an empty queue is removed.
         */
        force?: boolean;
        /**
         * Why, for whoever looks later.
         */
        reason?: string;
    };
    url: '/queues/{queue}';
};

export type RemoveQueueErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * `wrong_state`: It holds tasks and `force` is not set, or a worker runs one of them. Nothing was removed.
     */
    409: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type RemoveQueueError = RemoveQueueErrors[keyof RemoveQueueErrors];

export type RemoveQueueResponses = {
    /**
     * How many tasks went with it.
     */
    200: RemoveQueueResponse;
};

export type RemoveQueueResponse2 = RemoveQueueResponses[keyof RemoveQueueResponses];

export type GetQueueData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query?: never;
    url: '/queues/{queue}';
};

export type GetQueueErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * What was sent has errors (path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetQueueError = GetQueueErrors[keyof GetQueueErrors];

export type GetQueueResponses = {
    /**
     * With numbers that take a little longer to find.
     */
    200: QueueDetail;
};

export type GetQueueResponse = GetQueueResponses[keyof GetQueueResponses];

export type GetQueueHistoryData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query?: {
        /**
         * How many days back, today included.
         */
        days?: number;
    };
    url: '/queues/{queue}/history';
};

export type GetQueueHistoryErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetQueueHistoryError = GetQueueHistoryErrors[keyof GetQueueHistoryErrors];

export type GetQueueHistoryResponses = {
    /**
     * Stores keep 90 days.
     */
    200: QueueHistory;
};

export type GetQueueHistoryResponse = GetQueueHistoryResponses[keyof GetQueueHistoryResponses];

export type GetQueueShardsData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query: {
        /**
         * Over how many shards its programs spread it.
         */
        count: number;
    };
    url: '/queues/{queue}/shards';
};

export type GetQueueShardsErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done. `invalid_option`: The name can't be that of a sharded queue.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetQueueShardsError = GetQueueShardsErrors[keyof GetQueueShardsErrors];

export type GetQueueShardsResponses = {
    /**
     * All shards together; `latency_ms` and `overdue_ms` are those of the slowest.
     */
    200: ShardedQueue;
};

export type GetQueueShardsResponse = GetQueueShardsResponses[keyof GetQueueShardsResponses];

export type PauseQueueData = {
    body: ReasonGiven;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query?: never;
    url: '/queues/{queue}/pause';
};

export type PauseQueueErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done. `invalid_option`: The text can't be the name of a queue.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type PauseQueueError = PauseQueueErrors[keyof PauseQueueErrors];

export type PauseQueueResponses = {
    /**
     * Whether it is paused, and was it before.
     */
    200: QueuePauseResponse;
};

export type PauseQueueResponse = PauseQueueResponses[keyof PauseQueueResponses];

export type ResumeQueueData = {
    body: ReasonGiven;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query?: never;
    url: '/queues/{queue}/resume';
};

export type ResumeQueueErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done. `invalid_option`: The text can't be the name of a queue.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ResumeQueueError = ResumeQueueErrors[keyof ResumeQueueErrors];

export type ResumeQueueResponses = {
    /**
     * Whether it is paused, and was it before.
     */
    200: QueuePauseResponse;
};

export type ResumeQueueResponse = ResumeQueueResponses[keyof ResumeQueueResponses];

export type ReleaseLockData = {
    body: ReleaseLockRequest;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query?: never;
    url: '/queues/{queue}/locks/release';
};

export type ReleaseLockErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ReleaseLockError = ReleaseLockErrors[keyof ReleaseLockErrors];

export type ReleaseLockResponses = {
    /**
     * Who owned it.
     */
    200: ReleaseLockResponse;
};

export type ReleaseLockResponse2 = ReleaseLockResponses[keyof ReleaseLockResponses];

export type ListGroupsData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/queues/{queue}/groups';
};

export type ListGroupsErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListGroupsError = ListGroupsErrors[keyof ListGroupsErrors];

export type ListGroupsResponses = {
    /**
     * A page of the groups that hold tasks.
     */
    200: ListGroupsResponse;
};

export type ListGroupsResponse2 = ListGroupsResponses[keyof ListGroupsResponses];

export type RunGroupData = {
    body: ReasonGiven;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
        /**
         * Name of the group.
         */
        group: string;
    };
    query?: never;
    url: '/queues/{queue}/groups/{group}/run';
};

export type RunGroupErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type RunGroupError = RunGroupErrors[keyof RunGroupErrors];

export type RunGroupResponses = {
    /**
     * What became of its tasks.
     */
    200: GroupChangeResponse;
};

export type RunGroupResponse = RunGroupResponses[keyof RunGroupResponses];

export type ArchiveGroupData = {
    body: ReasonGiven;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
        /**
         * Name of the group.
         */
        group: string;
    };
    query?: never;
    url: '/queues/{queue}/groups/{group}/archive';
};

export type ArchiveGroupErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ArchiveGroupError = ArchiveGroupErrors[keyof ArchiveGroupErrors];

export type ArchiveGroupResponses = {
    /**
     * What became of its tasks.
     */
    200: GroupChangeResponse;
};

export type ArchiveGroupResponse = ArchiveGroupResponses[keyof ArchiveGroupResponses];

export type DeleteGroupData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
        /**
         * Name of the group.
         */
        group: string;
    };
    query?: {
        /**
         * Why, for whoever looks later.
         */
        reason?: string;
    };
    url: '/queues/{queue}/groups/{group}';
};

export type DeleteGroupErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type DeleteGroupError = DeleteGroupErrors[keyof DeleteGroupErrors];

export type DeleteGroupResponses = {
    /**
     * What became of its tasks.
     */
    200: GroupChangeResponse;
};

export type DeleteGroupResponse = DeleteGroupResponses[keyof DeleteGroupResponses];

export type ListSchedulesData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/schedules';
};

export type ListSchedulesErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListSchedulesError = ListSchedulesErrors[keyof ListSchedulesErrors];

export type ListSchedulesResponses = {
    /**
     * A page of the schedules in the store.
     */
    200: ListSchedulesResponse;
};

export type ListSchedulesResponse2 = ListSchedulesResponses[keyof ListSchedulesResponses];

export type AddScheduleData = {
    body: AddScheduleRequest;
    path?: never;
    query?: never;
    url: '/schedules';
};

export type AddScheduleErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `entry_exists`: There is a schedule of this id. Nothing was changed.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body); `errors` names each. Nothing was done. `invalid_option`: The spec, the time zone or an option of the task can't be used. Nothing was changed. `invalid_payload`: The payload does not fit its type's schema, or is no JSON. Nothing was changed.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type AddScheduleError = AddScheduleErrors[keyof AddScheduleErrors];

export type AddScheduleResponses = {
    /**
     * A periodic task that is kept in the store.
     */
    201: Schedule;
};

export type AddScheduleResponse = AddScheduleResponses[keyof AddScheduleResponses];

export type RemoveScheduleData = {
    body?: never;
    path: {
        /**
         * Names the schedule.
         */
        id: string;
    };
    query?: {
        /**
         * Why, for whoever looks later.
         */
        reason?: string;
    };
    url: '/schedules/{id}';
};

export type RemoveScheduleErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `entry_not_found`: There is no schedule of this id.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type RemoveScheduleError = RemoveScheduleErrors[keyof RemoveScheduleErrors];

export type RemoveScheduleResponses = {
    /**
     * Its tasks that are enqueued stay.
     */
    200: RemoveScheduleResponse;
};

export type RemoveScheduleResponse2 = RemoveScheduleResponses[keyof RemoveScheduleResponses];

export type GetScheduleData = {
    body?: never;
    path: {
        /**
         * Names the schedule.
         */
        id: string;
    };
    query?: never;
    url: '/schedules/{id}';
};

export type GetScheduleErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `entry_not_found`: There is no schedule of this id.
     */
    404: Problem;
    /**
     * What was sent has errors (path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetScheduleError = GetScheduleErrors[keyof GetScheduleErrors];

export type GetScheduleResponses = {
    /**
     * A periodic task that is kept in the store.
     */
    200: Schedule;
};

export type GetScheduleResponse = GetScheduleResponses[keyof GetScheduleResponses];

export type ChangeScheduleData = {
    body: ChangeScheduleRequest;
    headers?: {
        /**
         * The `ETag` of an earlier answer: nothing is changed when somebody else changed it since.
         */
        'if-match'?: string;
    };
    path: {
        /**
         * Names the schedule.
         */
        id: string;
    };
    query?: never;
    url: '/schedules/{id}';
};

export type ChangeScheduleErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `entry_not_found`: There is no schedule of this id.
     */
    404: Problem;
    /**
     * `wrong_state`: Others changed it each time that this was tried.
     */
    409: Problem;
    /**
     * `precondition_failed`: Somebody changed it since. Nothing was changed.
     */
    412: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path, headers); `errors` names each. Nothing was done. `invalid_option`: The spec, the time zone or an option of the task can't be used. Nothing was changed. `invalid_payload`: The payload does not fit its type's schema, or is no JSON. Nothing was changed.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ChangeScheduleError = ChangeScheduleErrors[keyof ChangeScheduleErrors];

export type ChangeScheduleResponses = {
    /**
     * A periodic task that is kept in the store.
     */
    200: Schedule;
};

export type ChangeScheduleResponse = ChangeScheduleResponses[keyof ChangeScheduleResponses];

export type UpsertScheduleData = {
    body: UpsertScheduleRequest;
    path: {
        /**
         * Names the schedule.
         */
        id: string;
    };
    query?: never;
    url: '/schedules/{id}';
};

export type UpsertScheduleErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `wrong_state`: Others changed it each time that this was tried.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done. `invalid_option`: The spec, the time zone or an option of the task can't be used. Nothing was changed. `invalid_payload`: The payload does not fit its type's schema, or is no JSON. Nothing was changed.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type UpsertScheduleError = UpsertScheduleErrors[keyof UpsertScheduleErrors];

export type UpsertScheduleResponses = {
    /**
     * A periodic task that is kept in the store.
     */
    200: Schedule;
};

export type UpsertScheduleResponse = UpsertScheduleResponses[keyof UpsertScheduleResponses];

export type PauseScheduleData = {
    body: ReasonGiven;
    path: {
        /**
         * Names the schedule.
         */
        id: string;
    };
    query?: never;
    url: '/schedules/{id}/pause';
};

export type PauseScheduleErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `entry_not_found`: There is no schedule of this id.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type PauseScheduleError = PauseScheduleErrors[keyof PauseScheduleErrors];

export type PauseScheduleResponses = {
    /**
     * A periodic task that is kept in the store.
     */
    200: Schedule;
};

export type PauseScheduleResponse = PauseScheduleResponses[keyof PauseScheduleResponses];

export type ResumeScheduleData = {
    body: ReasonGiven;
    path: {
        /**
         * Names the schedule.
         */
        id: string;
    };
    query?: never;
    url: '/schedules/{id}/resume';
};

export type ResumeScheduleErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `entry_not_found`: There is no schedule of this id.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ResumeScheduleError = ResumeScheduleErrors[keyof ResumeScheduleErrors];

export type ResumeScheduleResponses = {
    /**
     * A periodic task that is kept in the store.
     */
    200: Schedule;
};

export type ResumeScheduleResponse = ResumeScheduleResponses[keyof ResumeScheduleResponses];

export type RunScheduleData = {
    body: ReasonGiven;
    path: {
        /**
         * Names the schedule.
         */
        id: string;
    };
    query?: never;
    url: '/schedules/{id}/run';
};

export type RunScheduleErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `entry_not_found`: There is no schedule of this id.
     */
    404: Problem;
    /**
     * `task_exists`: It is unique, and an equal task exists. `task_id_taken`: Its id is fixed, and a task has it.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done. `invalid_option`: It could never run: its deadline has passed.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type RunScheduleError = RunScheduleErrors[keyof RunScheduleErrors];

export type RunScheduleResponses = {
    /**
     * What was enqueued.
     */
    201: RunScheduleResponse;
};

export type RunScheduleResponse2 = RunScheduleResponses[keyof RunScheduleResponses];

export type ListScheduleTurnsData = {
    body?: never;
    path: {
        /**
         * Names the schedule.
         */
        id: string;
    };
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/schedules/{id}/turns';
};

export type ListScheduleTurnsErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `entry_not_found`: There is no schedule of this id.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done. `invalid_option`: The cursor is none that was given out.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListScheduleTurnsError = ListScheduleTurnsErrors[keyof ListScheduleTurnsErrors];

export type ListScheduleTurnsResponses = {
    /**
     * The tasks that were enqueued for it.
     */
    200: ListTurnsResponse;
};

export type ListScheduleTurnsResponse = ListScheduleTurnsResponses[keyof ListScheduleTurnsResponses];

export type ListSchedulerEntriesData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/scheduler-entries';
};

export type ListSchedulerEntriesErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListSchedulerEntriesError = ListSchedulerEntriesErrors[keyof ListSchedulerEntriesErrors];

export type ListSchedulerEntriesResponses = {
    /**
     * Entries of code and of the store, Go's too, as the schedulers announced them last.
     */
    200: ListSchedulerEntriesResponse;
};

export type ListSchedulerEntriesResponse2 = ListSchedulerEntriesResponses[keyof ListSchedulerEntriesResponses];

export type ListServersData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/servers';
};

export type ListServersErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListServersError = ListServersErrors[keyof ListServersErrors];

export type ListServersResponses = {
    /**
     * Who works on the queues.
     */
    200: ListServersResponse;
};

export type ListServersResponse2 = ListServersResponses[keyof ListServersResponses];

export type QuietServerData = {
    body: QuietServerRequest;
    path: {
        /**
         * The whole id of the server.
         */
        id: string;
    };
    query?: never;
    url: '/servers/{id}/quiet';
};

export type QuietServerErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `wrong_state`: Nobody knows the server, and enough orders are kept for such ones. Nothing was done.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type QuietServerError = QuietServerErrors[keyof QuietServerErrors];

export type QuietServerResponses = {
    /**
     * Whether the server is there, and whether it was seen to obey.
     */
    200: ServerOrderResponse;
    /**
     * Whether the server is there, and whether it was seen to obey.
     */
    202: ServerOrderResponse;
};

export type QuietServerResponse = QuietServerResponses[keyof QuietServerResponses];

export type StopServerData = {
    body: StopServerRequest;
    path: {
        /**
         * The whole id of the server.
         */
        id: string;
    };
    query?: never;
    url: '/servers/{id}/stop';
};

export type StopServerErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `wrong_state`: Nobody knows the server, and enough orders are kept for such ones. Nothing was done.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type StopServerError = StopServerErrors[keyof StopServerErrors];

export type StopServerResponses = {
    /**
     * Whether the server is there, and whether it was seen to obey.
     */
    200: ServerOrderResponse;
    /**
     * Whether the server is there, and whether it was seen to obey.
     */
    202: ServerOrderResponse;
};

export type StopServerResponse = StopServerResponses[keyof StopServerResponses];

export type EvictServerData = {
    body: EvictServerRequest;
    path: {
        /**
         * The whole id of the server.
         */
        id: string;
    };
    query?: never;
    url: '/servers/{id}/evict';
};

export type EvictServerErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `wrong_state`: The server was heard of in the last seconds and `force` is not set, or it is unknown and enough orders are kept.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type EvictServerError = EvictServerErrors[keyof EvictServerErrors];

export type EvictServerResponses = {
    /**
     * Its tasks wait again. Until `kept_until` it gets no others, but for one of another library, which does not ask.
     */
    200: EvictServerResponse;
};

export type EvictServerResponse2 = EvictServerResponses[keyof EvictServerResponses];

export type ListWorkersData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
        /**
         * Only what runs from this queue.
         */
        queue?: string;
        /**
         * Only what this server runs, by its whole id.
         */
        server?: string;
        /**
         * Only tasks of this type.
         */
        type?: string;
    };
    url: '/workers';
};

export type ListWorkersErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListWorkersError = ListWorkersErrors[keyof ListWorkersErrors];

export type ListWorkersResponses = {
    /**
     * As the servers told of themselves last.
     */
    200: ListWorkersResponse;
};

export type ListWorkersResponse2 = ListWorkersResponses[keyof ListWorkersResponses];

export type ListTypesData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/types';
};

export type ListTypesErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListTypesError = ListTypesErrors[keyof ListTypesErrors];

export type ListTypesResponses = {
    /**
     * Those with a definition, and those handled.
     */
    200: ListTypesResponse;
};

export type ListTypesResponse2 = ListTypesResponses[keyof ListTypesResponses];

export type EnqueueTaskData = {
    body: EnqueueOfTypeRequest;
    headers?: {
        /**
         * Names this request: sent again with the same key, it enqueues nothing. Not together with `id`. The task is then kept for a day after it has succeeded, unless `retention` says otherwise: so long the key is remembered.
         */
        'idempotency-key'?: string;
        /**
         * `wait=n` waits up to n seconds, at most 30, for the task to be done. A task without a retention is then kept for five minutes.
         */
        prefer?: string;
    };
    path: {
        /**
         * Picks its handler.
         */
        type: string;
    };
    query?: never;
    url: '/types/{type}/tasks';
};

export type EnqueueTaskErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `enqueue`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `type_not_found`: No definition of this type is known here. Nothing was enqueued.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path, headers); `errors` names each. Nothing was done. `invalid_payload`: The payload does not fit its type's schema, or is no JSON. Nothing was enqueued. `invalid_option`: An option can't be used, or two do not go together. Nothing was enqueued. `idempotency_conflict`: The key was used for a task of another payload. Nothing was enqueued.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type EnqueueTaskError = EnqueueTaskErrors[keyof EnqueueTaskErrors];

export type EnqueueTaskResponses = {
    /**
     * The task, new or found.
     */
    200: EnqueueResponse;
    /**
     * The task, new or found.
     */
    201: EnqueueResponse;
    /**
     * The task, new or found.
     */
    202: EnqueueResponse;
};

export type EnqueueTaskResponse = EnqueueTaskResponses[keyof EnqueueTaskResponses];

export type EnqueueTasksData = {
    body: EnqueueManyOfTypeRequest;
    path: {
        /**
         * Picks its handler.
         */
        type: string;
    };
    query?: never;
    url: '/types/{type}/tasks/bulk';
};

export type EnqueueTasksErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `enqueue`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `type_not_found`: No definition of this type is known here. Nothing was enqueued.
     */
    404: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path, headers); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type EnqueueTasksError = EnqueueTasksErrors[keyof EnqueueTasksErrors];

export type EnqueueTasksResponses = {
    /**
     * One outcome for each.
     */
    200: EnqueueManyResponse;
};

export type EnqueueTasksResponse = EnqueueTasksResponses[keyof EnqueueTasksResponses];

export type EnqueueTaskInQueueData = {
    body: EnqueueInQueueRequest;
    headers?: {
        /**
         * Names this request: sent again with the same key, it enqueues nothing. Not together with `id`. The task is then kept for a day after it has succeeded, unless `retention` says otherwise: so long the key is remembered.
         */
        'idempotency-key'?: string;
        /**
         * `wait=n` waits up to n seconds, at most 30, for the task to be done. A task without a retention is then kept for five minutes.
         */
        prefer?: string;
    };
    path: {
        /**
         * The line that it joins.
         */
        queue: string;
    };
    query?: never;
    url: '/queues/{queue}/tasks';
};

export type EnqueueTaskInQueueErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `enqueue`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path, headers); `errors` names each. Nothing was done. `invalid_payload`: The payload does not fit its type's schema, or is no JSON. Nothing was enqueued. `invalid_option`: An option can't be used, or two do not go together. Nothing was enqueued. `idempotency_conflict`: The key was used for a task of another payload. Nothing was enqueued.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type EnqueueTaskInQueueError = EnqueueTaskInQueueErrors[keyof EnqueueTaskInQueueErrors];

export type EnqueueTaskInQueueResponses = {
    /**
     * The task, new or found.
     */
    200: EnqueueResponse;
    /**
     * The task, new or found.
     */
    201: EnqueueResponse;
    /**
     * The task, new or found.
     */
    202: EnqueueResponse;
};

export type EnqueueTaskInQueueResponse = EnqueueTaskInQueueResponses[keyof EnqueueTaskInQueueResponses];

export type EnqueueTasksInQueueData = {
    body: EnqueueManyInQueueRequest;
    path: {
        /**
         * The line that it joins.
         */
        queue: string;
    };
    query?: never;
    url: '/queues/{queue}/tasks/bulk';
};

export type EnqueueTasksInQueueErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `enqueue`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path, headers); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type EnqueueTasksInQueueError = EnqueueTasksInQueueErrors[keyof EnqueueTasksInQueueErrors];

export type EnqueueTasksInQueueResponses = {
    /**
     * One outcome for each.
     */
    200: EnqueueManyResponse;
};

export type EnqueueTasksInQueueResponse = EnqueueTasksInQueueResponses[keyof EnqueueTasksInQueueResponses];

export type ExplainTaskData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
        /**
         * The task's id, unique in its queue.
         */
        id: string;
    };
    query?: never;
    url: '/tasks/{queue}/{id}/explain';
};

export type ExplainTaskErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `task_not_found`: There is no such task. `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * What was sent has errors (path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ExplainTaskError = ExplainTaskErrors[keyof ExplainTaskErrors];

export type ExplainTaskResponses = {
    /**
     * As a code with facts, and as a sentence.
     */
    200: ExplainTaskResponse;
};

export type ExplainTaskResponse2 = ExplainTaskResponses[keyof ExplainTaskResponses];

export type ExplainQueueData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
    };
    query?: never;
    url: '/queues/{queue}/explain';
};

export type ExplainQueueErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * What was sent has errors (path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ExplainQueueError = ExplainQueueErrors[keyof ExplainQueueErrors];

export type ExplainQueueResponses = {
    /**
     * As a code with facts, and as a sentence.
     */
    200: ExplainQueueResponse;
};

export type ExplainQueueResponse2 = ExplainQueueResponses[keyof ExplainQueueResponses];

export type SearchTasksData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * Only of this queue; may come several times.
         */
        queue?: string | Array<string>;
        /**
         * Only in this state; may come several times.
         */
        state?: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived' | Array<'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived'>;
        /**
         * Of aggregating tasks, only those of this group.
         */
        group?: string;
        /**
         * The whole type.
         */
        type?: string;
        /**
         * How the id begins.
         */
        id_prefix?: string;
        /**
         * Part of the last error; ASCII letters in either case.
         */
        error?: string;
        /**
         * Part of the payload, as text.
         */
        payload?: string;
        /**
         * Part of the payload, as bytes.
         */
        payload_base64?: string;
        /**
         * Keys of the payload's JSON, joined by dots, whose value is `payload_value`.
         */
        payload_path?: string;
        /**
         * A text, number, true, false or null, as JSON; what is none is a text: `42` is a number, `"42"` a text.
         */
        payload_value?: string;
        /**
         * Due, archived, completed or waiting since this moment or later, as the state says.
         */
        from?: string;
        /**
         * The same, before this moment.
         */
        before?: string;
        /**
         * `basic`: without payload, result, headers and attempts.
         */
        view?: 'basic' | 'full';
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/tasks';
};

export type SearchTasksErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no queue of a name that is given.
     */
    404: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done. `invalid_option`: What the query says can't be.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type SearchTasksError = SearchTasksErrors[keyof SearchTasksErrors];

export type SearchTasksResponses = {
    /**
     * A page of tasks.
     */
    200: SearchTasksResponse;
};

export type SearchTasksResponse2 = SearchTasksResponses[keyof SearchTasksResponses];

export type DeleteTaskData = {
    body?: never;
    path: {
        /**
         * Its queue.
         */
        queue: string;
        /**
         * Its id, which is unique in its queue.
         */
        id: string;
    };
    query?: {
        /**
         * Why, for whoever looks later.
         */
        reason?: string;
    };
    url: '/tasks/{queue}/{id}';
};

export type DeleteTaskErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue. `task_not_found`: There is no such task.
     */
    404: Problem;
    /**
     * `wrong_state`: It runs, or is being aggregated. `state` says which.
     */
    409: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type DeleteTaskError = DeleteTaskErrors[keyof DeleteTaskErrors];

export type DeleteTaskResponses = {
    /**
     * What was done, and where it is now.
     */
    200: TaskChangeResponse;
};

export type DeleteTaskResponse = DeleteTaskResponses[keyof DeleteTaskResponses];

export type GetTaskData = {
    body?: never;
    path: {
        /**
         * Its queue.
         */
        queue: string;
        /**
         * Its id, which is unique in its queue.
         */
        id: string;
    };
    query?: never;
    url: '/tasks/{queue}/{id}';
};

export type GetTaskErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue. `task_not_found`: There is no such task.
     */
    404: Problem;
    /**
     * What was sent has errors (path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetTaskError = GetTaskErrors[keyof GetTaskErrors];

export type GetTaskResponses = {
    /**
     * Done.
     */
    200: {
        kind: 'task';
        id: string;
        type: string;
        queue: string;
        state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived';
        /**
         * Only ids that this library makes by itself tell it.
         */
        created_at: string | null;
        /**
         * When it is to run: scheduled and retry only.
         */
        due_at: string | null;
        pending_since: string | null;
        archived_at: string | null;
        completed_at: string | null;
        /**
         * When it may be removed: completed only.
         */
        kept_until: string | null;
        /**
         * Who runs it: active only.
         */
        holder: {
            server_id: string | null;
            claimed_at: string | null;
            lease_ends_at: string | null;
            /**
             * Its lease has ended: another server takes it over.
             */
            lost: boolean;
        } | null;
        /**
         * A payload or a result.
         */
        payload: {
            /**
             * All of it, in base64.
             */
            bytes: string;
            /**
             * In bytes.
             */
            size: number;
            /**
             * `hidden`: the caller may not see it; it has no bytes then.
             */
            kind: 'json' | 'binary' | 'none' | 'hidden';
            /**
             * What it is as JSON; null where it is none.
             */
            value: unknown;
        };
        result: {
            /**
             * All of it, in base64.
             */
            bytes: string;
            /**
             * In bytes.
             */
            size: number;
            /**
             * `hidden`: the caller may not see it; it has no bytes then.
             */
            kind: 'json' | 'binary' | 'none' | 'hidden';
            /**
             * What it is as JSON; null where it is none.
             */
            value: unknown;
        } | null;
        headers: {
            [key: string]: string;
        };
        group: string | null;
        /**
         * It was enqueued as unique; its lock may be over by now.
         */
        unique: boolean;
        max_retry: number;
        retried: number;
        last_error: string | null;
        last_failed_at: string | null;
        timeout_ms: number | null;
        deadline_at: string | null;
        retention_ms: number;
        /**
         * Oldest first, at most 20.
         */
        attempts: Array<{
            server_id: string;
            host: string;
            pid: number;
            directory: string | null;
            build: string | null;
            started_at: string;
            ended_at: string;
            duration_ms: number;
            outcome: string;
            error: string | null;
            /**
             * Where in the code it came from; of the last 5 attempts.
             */
            stack: string | null;
        }>;
        /**
         * How many workers died or stalled while they ran it, lately.
         */
        lost_attempts: number;
        progress: {
            done: number;
            /**
             * 100 for a percentage; null where nobody knows.
             */
            total: number | null;
            message: string | null;
            told_at: string | null;
            server_id: string | null;
            attempt: number | null;
        } | null;
    } | {
        kind: 'unreadable';
        id: string;
        queue: string;
        state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived' | null;
        /**
         * Why it can't be read, in words.
         */
        reason: string;
        /**
         * In base64.
         */
        bytes: string | null;
    };
};

export type GetTaskResponse = GetTaskResponses[keyof GetTaskResponses];

export type RunTaskData = {
    body: ReasonGiven;
    path: {
        /**
         * Its queue.
         */
        queue: string;
        /**
         * Its id, which is unique in its queue.
         */
        id: string;
    };
    query?: never;
    url: '/tasks/{queue}/{id}/run';
};

export type RunTaskErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue. `task_not_found`: There is no such task.
     */
    404: Problem;
    /**
     * `wrong_state`: It waits to run already, or runs. `state` says which.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type RunTaskError = RunTaskErrors[keyof RunTaskErrors];

export type RunTaskResponses = {
    /**
     * What was done, and where it is now.
     */
    200: TaskChangeResponse;
};

export type RunTaskResponse = RunTaskResponses[keyof RunTaskResponses];

export type ArchiveTaskData = {
    body: ReasonGiven;
    path: {
        /**
         * Its queue.
         */
        queue: string;
        /**
         * Its id, which is unique in its queue.
         */
        id: string;
    };
    query?: never;
    url: '/tasks/{queue}/{id}/archive';
};

export type ArchiveTaskErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue. `task_not_found`: There is no such task.
     */
    404: Problem;
    /**
     * `wrong_state`: It is archived already, or runs. `state` says which.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ArchiveTaskError = ArchiveTaskErrors[keyof ArchiveTaskErrors];

export type ArchiveTaskResponses = {
    /**
     * What was done, and where it is now.
     */
    200: TaskChangeResponse;
};

export type ArchiveTaskResponse = ArchiveTaskResponses[keyof ArchiveTaskResponses];

export type CancelTaskData = {
    body: ReasonGiven;
    path: {
        /**
         * Its queue.
         */
        queue: string;
        /**
         * Its id, which is unique in its queue.
         */
        id: string;
    };
    query?: never;
    url: '/tasks/{queue}/{id}/cancel';
};

export type CancelTaskErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue. `task_not_found`: There is no such task.
     */
    404: Problem;
    /**
     * `wrong_state`: It has completed, or is being aggregated. `state` says which.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type CancelTaskError = CancelTaskErrors[keyof CancelTaskErrors];

export type CancelTaskResponses = {
    /**
     * What was done, and where it is now.
     */
    200: TaskChangeResponse;
};

export type CancelTaskResponse = CancelTaskResponses[keyof CancelTaskResponses];

export type RescheduleTaskData = {
    body: RescheduleRequest;
    path: {
        /**
         * Its queue.
         */
        queue: string;
        /**
         * Its id, which is unique in its queue.
         */
        id: string;
    };
    query?: never;
    url: '/tasks/{queue}/{id}/reschedule';
};

export type RescheduleTaskErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue. `task_not_found`: There is no such task.
     */
    404: Problem;
    /**
     * `wrong_state`: It runs, is being aggregated, or has completed. `state` says which.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done. `invalid_option`: The moment lies too far ahead.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type RescheduleTaskError = RescheduleTaskErrors[keyof RescheduleTaskErrors];

export type RescheduleTaskResponses = {
    /**
     * What was done, and where it is now.
     */
    200: TaskChangeResponse;
};

export type RescheduleTaskResponse = RescheduleTaskResponses[keyof RescheduleTaskResponses];

export type EditTaskPayloadData = {
    body: EditPayloadRequest;
    headers?: {
        /**
         * The `ETag` of the task as it was read, or several: 412 when it has changed since. `*`: any.
         */
        'if-match'?: string;
    };
    path: {
        /**
         * Its queue.
         */
        queue: string;
        /**
         * Its id, which is unique in its queue.
         */
        id: string;
    };
    query?: never;
    url: '/tasks/{queue}/{id}/payload';
};

export type EditTaskPayloadErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue. `task_not_found`: There is no such task.
     */
    404: Problem;
    /**
     * `wrong_state`: It runs, is being aggregated, or has completed. `state` says which. `task_exists`: It is unique, and another one with this payload is there.
     */
    409: Problem;
    /**
     * `precondition_failed`: It has changed since it was read. Nothing was written.
     */
    412: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path, headers); `errors` names each. Nothing was done. `invalid_payload`: The payload does not fit its type's schema, or is no JSON. Nothing was written.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type EditTaskPayloadError = EditTaskPayloadErrors[keyof EditTaskPayloadErrors];

export type EditTaskPayloadResponses = {
    /**
     * What was done, and where it is now.
     */
    200: TaskChangeResponse;
};

export type EditTaskPayloadResponse = EditTaskPayloadResponses[keyof EditTaskPayloadResponses];

export type GetTaskLogData = {
    body?: never;
    path: {
        /**
         * Name of the queue.
         */
        queue: string;
        /**
         * The task's id, unique in its queue.
         */
        id: string;
    };
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/tasks/{queue}/{id}/log';
};

export type GetTaskLogErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `task_not_found`: There is no such task. `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetTaskLogError = GetTaskLogErrors[keyof GetTaskLogErrors];

export type GetTaskLogResponses = {
    /**
     * What the handlers of a task said: the newest 200 lines, 64 KiB.
     */
    200: {
        /**
         * Oldest first.
         */
        lines: Array<{
            /**
             * 1 for the first line that was ever said of this task.
             */
            number: number;
            at: string;
            /**
             * The server that ran the handler.
             */
            server_id: string;
            /**
             * 1 for the first attempt.
             */
            attempt: number;
            text: string;
            fields: {
                [key: string]: unknown;
            } | null;
        }>;
        /**
         * How many lines before these are not kept any more; with a cursor, of those behind it.
         */
        dropped: number;
        /**
         * The `cursor` of what follows; null at the end. A page may be empty and have a next.
         */
        next: string | null;
        /**
         * The `cursor` behind the last of these lines: ask with it later for what was said since.
         */
        end: string;
    };
};

export type GetTaskLogResponse = GetTaskLogResponses[keyof GetTaskLogResponses];

export type ListOperationsData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/operations';
};

export type ListOperationsErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListOperationsError = ListOperationsErrors[keyof ListOperationsErrors];

export type ListOperationsResponses = {
    /**
     * Done.
     */
    200: {
        /**
         * The newest first.
         */
        operations: Array<BulkOperation>;
        /**
         * The `cursor` of what follows; null at the end. A page may be empty and have a next.
         */
        next: string | null;
    };
};

export type ListOperationsResponse = ListOperationsResponses[keyof ListOperationsResponses];

export type CreateOperationData = {
    body: CreateOperationRequest;
    path?: never;
    query?: never;
    url: '/operations';
};

export type CreateOperationErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no queue of a name that the filter gives.
     */
    404: Problem;
    /**
     * `wrong_state`: A hundred operations have not ended yet. Nothing was begun.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body); `errors` names each. Nothing was done. `invalid_option`: The filter can't be, or names a state whose tasks the action can't change. Nothing was begun.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type CreateOperationError = CreateOperationErrors[keyof CreateOperationErrors];

export type CreateOperationResponses = {
    /**
     * Which tasks it would be. Nothing was done.
     */
    200: DryRunResponse;
    /**
     * A change of many tasks, and how far it is.
     */
    202: BulkOperation;
};

export type CreateOperationResponse = CreateOperationResponses[keyof CreateOperationResponses];

export type GetOperationData = {
    body?: never;
    path: {
        id: string;
    };
    query?: never;
    url: '/operations/{id}';
};

export type GetOperationErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `not_found`: There is no such operation; one that has ended is kept for seven days.
     */
    404: Problem;
    /**
     * What was sent has errors (path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetOperationError = GetOperationErrors[keyof GetOperationErrors];

export type GetOperationResponses = {
    /**
     * A change of many tasks, and how far it is.
     */
    200: BulkOperation;
};

export type GetOperationResponse = GetOperationResponses[keyof GetOperationResponses];

export type ListOperationOutcomesData = {
    body?: never;
    path: {
        id: string;
    };
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        /**
         * Where to go on: `next` of the answer before, with the same other parameters.
         */
        cursor?: string;
    };
    url: '/operations/{id}/outcomes';
};

export type ListOperationOutcomesErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `not_found`: There is no such operation; one that has ended is kept for seven days.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListOperationOutcomesError = ListOperationOutcomesErrors[keyof ListOperationOutcomesErrors];

export type ListOperationOutcomesResponses = {
    /**
     * Done.
     */
    200: {
        outcomes: Array<{
            queue: string;
            id: string;
            /**
             * `perhaps_done`: whoever worked on it ended, or lost the store, in the middle; the task is not as it was then.
             */
            outcome: 'done' | 'perhaps_done' | 'wrong_state' | 'not_found' | 'failed';
            /**
             * Of `wrong_state`: the state it was found in, where it is known.
             */
            state: 'pending' | 'active' | 'scheduled' | 'retry' | 'aggregating' | 'completed' | 'archived' | null;
        }>;
        /**
         * The `cursor` of what follows; null at the end. A page may be empty and have a next.
         */
        next: string | null;
        /**
         * How many outcomes were not kept, so far.
         */
        not_kept: number;
    };
};

export type ListOperationOutcomesResponse = ListOperationOutcomesResponses[keyof ListOperationOutcomesResponses];

export type AbortOperationData = {
    body: AbortOperationRequest;
    path: {
        id: string;
    };
    query?: never;
    url: '/operations/{id}/abort';
};

export type AbortOperationErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `not_found`: There is no such operation; one that has ended is kept for seven days.
     */
    404: Problem;
    /**
     * `wrong_state`: It has ended already.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body, path); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type AbortOperationError = AbortOperationErrors[keyof AbortOperationErrors];

export type AbortOperationResponses = {
    /**
     * A change of many tasks, and how far it is.
     */
    200: BulkOperation;
};

export type AbortOperationResponse = AbortOperationResponses[keyof AbortOperationResponses];

export type GetStoreData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/store';
};

export type GetStoreErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetStoreError = GetStoreErrors[keyof GetStoreErrors];

export type GetStoreResponses = {
    /**
     * Which store it is, how large, and how writing to it goes.
     */
    200: Store;
};

export type GetStoreResponse = GetStoreResponses[keyof GetStoreResponses];

export type CheckStoreData = {
    body: CheckStoreRequest;
    path?: never;
    query?: never;
    url: '/store/check';
};

export type CheckStoreErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `operate`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type CheckStoreError = CheckStoreErrors[keyof CheckStoreErrors];

export type CheckStoreResponses = {
    /**
     * Empty when the store fits together.
     */
    200: CheckStoreResponse;
};

export type CheckStoreResponse2 = CheckStoreResponses[keyof CheckStoreResponses];

export type ListFindingsData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/findings';
};

export type ListFindingsErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListFindingsError = ListFindingsErrors[keyof ListFindingsErrors];

export type ListFindingsResponses = {
    /**
     * What is not as it should be: who works, what waits for nobody, what failed for good lately, settings.
     */
    200: ListFindingsResponse;
};

export type ListFindingsResponse2 = ListFindingsResponses[keyof ListFindingsResponses];

export type WatchEventsData = {
    body?: never;
    headers?: {
        /**
         * Go on after the event with this id.
         */
        'last-event-id'?: string;
    };
    path?: never;
    query?: {
        /**
         * Only of this kind; may come several times.
         */
        kind?: 'enqueued' | 'started' | 'progressed' | 'settled' | 'server_came' | 'server_went' | 'server_told' | Array<'enqueued' | 'started' | 'progressed' | 'settled' | 'server_came' | 'server_went' | 'server_told'>;
        /**
         * Only of tasks in this queue, and of servers that work on it; may come several times.
         */
        queue?: string | Array<string>;
        /**
         * Only of tasks of this type; may come several times.
         */
        type?: string | Array<string>;
        /**
         * Go on after the event with this id. `Last-Event-ID` comes first.
         */
        after?: string;
    };
    url: '/events';
};

export type WatchEventsErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query, headers); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type WatchEventsError = WatchEventsErrors[keyof WatchEventsErrors];

export type WatchEventsResponses = {
    /**
     * The `data` of one event; `event` is its `kind`, and `id` where to go on.
     */
    200: Event;
};

export type WatchEventsResponse = WatchEventsResponses[keyof WatchEventsResponses];

export type GetStatisticsData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * Only this queue. Default: all together.
         */
        queue?: string;
        /**
         * Only this type. Default: all together.
         */
        type?: string;
        /**
         * Default: an hour before `to`.
         */
        from?: string;
        /**
         * Default: now.
         */
        to?: string;
        /**
         * Minutes are kept for 8 hours, ten minutes for 72 hours, days (UTC) for 90 days. Default: the finest that is kept for the whole range.
         */
        resolution?: 'minute' | 'ten_minutes' | 'day';
        /**
         * Also tells of each type of each queue for itself.
         */
        parts?: string;
    };
    url: '/statistics';
};

export type GetStatisticsErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `queue_not_found`: There is no such queue.
     */
    404: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done. `invalid_option`: The range ends before it begins, or holds more than 1,000 points.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetStatisticsError = GetStatisticsErrors[keyof GetStatisticsErrors];

export type GetStatisticsResponses = {
    /**
     * The sums of what servers, clients and schedulers have reported so far. The last seconds lack, and so does what a process had not reported when it died. Go's programs report nothing.
     */
    200: StatisticsResponse;
};

export type GetStatisticsResponse = GetStatisticsResponses[keyof GetStatisticsResponses];

export type GetOpenapiDocumentData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/openapi.json';
};

export type GetOpenapiDocumentErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetOpenapiDocumentError = GetOpenapiDocumentErrors[keyof GetOpenapiDocumentErrors];

export type GetOpenapiDocumentResponses = {
    /**
     * What can be asked, and what is answered.
     */
    200: OpenApiDocument;
};

export type GetOpenapiDocumentResponse = GetOpenapiDocumentResponses[keyof GetOpenapiDocumentResponses];

export type ListAuditData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        cursor?: string;
        /**
         * Only changes of somebody with this name.
         */
        who?: string;
        /**
         * Only this operation, such as `pause-queue`.
         */
        operation?: string;
        /**
         * Only what was done on this queue, or on tasks in it.
         */
        queue?: string;
        /**
         * Only what was done on the task, server or schedule of this id.
         */
        id?: string;
        result?: 'done' | 'not_done' | 'perhaps_done';
        /**
         * Only from this moment on.
         */
        since?: string;
        /**
         * Only before this moment.
         */
        until?: string;
    };
    url: '/audit';
};

export type ListAuditErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `admin`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListAuditError = ListAuditErrors[keyof ListAuditErrors];

export type ListAuditResponses = {
    /**
     * Done.
     */
    200: {
        /**
         * The newest first.
         */
        entries: Array<AuditEntry>;
        /**
         * The `cursor` of what follows; null at the end. A page may be empty and have a next.
         */
        next: string | null;
        /**
         * How many entries were looked at for this page.
         */
        scanned: number;
        /**
         * False when the search stopped at its budget before the page was full: go on with `next`.
         */
        complete: boolean;
    };
};

export type ListAuditResponse = ListAuditResponses[keyof ListAuditResponses];

export type ExportAuditData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * Only changes of somebody with this name.
         */
        who?: string;
        /**
         * Only this operation, such as `pause-queue`.
         */
        operation?: string;
        /**
         * Only what was done on this queue, or on tasks in it.
         */
        queue?: string;
        /**
         * Only what was done on the task, server or schedule of this id.
         */
        id?: string;
        result?: 'done' | 'not_done' | 'perhaps_done';
        /**
         * Only from this moment on.
         */
        since?: string;
        /**
         * Only before this moment.
         */
        until?: string;
    };
    url: '/audit/export';
};

export type ExportAuditErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `admin`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ExportAuditError = ExportAuditErrors[keyof ExportAuditErrors];

export type ExportAuditResponses = {
    /**
     * Who changed what, when and from where.
     */
    200: AuditEntry;
};

export type ExportAuditResponse = ExportAuditResponses[keyof ExportAuditResponses];

export type ListKeysData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        cursor?: string;
    };
    url: '/keys';
};

export type ListKeysErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `admin`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListKeysError = ListKeysErrors[keyof ListKeysErrors];

export type ListKeysResponses = {
    /**
     * Done.
     */
    200: {
        keys: Array<ApiKey>;
        /**
         * The `cursor` of what follows; null at the end. A page may be empty and have a next.
         */
        next: string | null;
    };
};

export type ListKeysResponse = ListKeysResponses[keyof ListKeysResponses];

export type CreateKeyData = {
    body: CreateKeyRequest;
    path?: never;
    query?: never;
    url: '/keys';
};

export type CreateKeyErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `admin`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `wrong_state`: The store holds 10,000 keys.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not sent as application/json.
     */
    415: Problem;
    /**
     * What was sent has errors (body); `errors` names each. Nothing was done. `invalid_option`: It would have expired already. No key was made.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type CreateKeyError = CreateKeyErrors[keyof CreateKeyErrors];

export type CreateKeyResponses = {
    /**
     * Keep the key: nobody can show it again.
     */
    201: CreateKeyResponse;
};

export type CreateKeyResponse2 = CreateKeyResponses[keyof CreateKeyResponses];

export type RevokeKeyData = {
    body?: never;
    path: {
        id: string;
    };
    query?: {
        reason?: string;
    };
    url: '/keys/{id}';
};

export type RevokeKeyErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `admin`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `not_found`: There is no key of this id.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type RevokeKeyError = RevokeKeyErrors[keyof RevokeKeyErrors];

export type RevokeKeyResponses = {
    /**
     * Done.
     */
    200: {
        id: string;
        revoked: true;
    };
};

export type RevokeKeyResponse = RevokeKeyResponses[keyof RevokeKeyResponses];

export type EndSessionData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/session';
};

export type EndSessionErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `not_found`: The request belongs to no session.
     */
    404: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type EndSessionError = EndSessionErrors[keyof EndSessionErrors];

export type EndSessionResponses = {
    /**
     * Done.
     */
    200: {
        id: string;
        ended: true;
    };
};

export type EndSessionResponse = EndSessionResponses[keyof EndSessionResponses];

export type GetSessionData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/session';
};

export type GetSessionErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type GetSessionError = GetSessionErrors[keyof GetSessionErrors];

export type GetSessionResponses = {
    /**
     * As the credential of the request says.
     */
    200: Caller;
};

export type GetSessionResponse = GetSessionResponses[keyof GetSessionResponses];

export type BeginSessionData = {
    body?: never;
    path?: never;
    query?: never;
    url: '/session';
};

export type BeginSessionErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `read`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `wrong_state`: The request belongs to a session, or the store holds 10,000.
     */
    409: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type BeginSessionError = BeginSessionErrors[keyof BeginSessionErrors];

export type BeginSessionResponses = {
    /**
     * Somebody who signed in with a browser.
     */
    201: Session;
};

export type BeginSessionResponse = BeginSessionResponses[keyof BeginSessionResponses];

export type ListSessionsData = {
    body?: never;
    path?: never;
    query?: {
        /**
         * The most entries of the answer.
         */
        limit?: number;
        cursor?: string;
    };
    url: '/sessions';
};

export type ListSessionsErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `admin`, or a page of another site asks.
     */
    403: Problem;
    /**
     * What was sent has errors (query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type ListSessionsError = ListSessionsErrors[keyof ListSessionsErrors];

export type ListSessionsResponses = {
    /**
     * Done.
     */
    200: {
        sessions: Array<Session>;
        /**
         * The `cursor` of what follows; null at the end. A page may be empty and have a next.
         */
        next: string | null;
    };
};

export type ListSessionsResponse = ListSessionsResponses[keyof ListSessionsResponses];

export type RevokeSessionData = {
    body?: never;
    path: {
        id: string;
    };
    query?: {
        reason?: string;
    };
    url: '/sessions/{id}';
};

export type RevokeSessionErrors = {
    /**
     * The request can't be understood.
     */
    400: Problem;
    /**
     * A credential is needed, or the one that came is wrong.
     */
    401: Problem;
    /**
     * The caller lacks the scope `admin`, or a page of another site asks.
     */
    403: Problem;
    /**
     * `not_found`: There is no session of this id.
     */
    404: Problem;
    /**
     * What was sent has errors (path, query); `errors` names each. Nothing was done.
     */
    422: Problem;
    /**
     * The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.
     */
    503: Problem;
    /**
     * Any other problem.
     */
    default: Problem;
};

export type RevokeSessionError = RevokeSessionErrors[keyof RevokeSessionErrors];

export type RevokeSessionResponses = {
    /**
     * Done.
     */
    200: {
        id: string;
        ended: true;
    };
};

export type RevokeSessionResponse = RevokeSessionResponses[keyof RevokeSessionResponses];
