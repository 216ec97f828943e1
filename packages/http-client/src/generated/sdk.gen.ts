// Generated from the contract by `npm run generate`; do not edit.
// @ts-nocheck

import type { Client, ClientMeta, Options as Options2, RequestResult, ServerSentEventsResult, TDataShape } from './client/index.ts';
import type { AbortOperationData, AbortOperationErrors, AbortOperationResponses, AddScheduleData, AddScheduleErrors, AddScheduleResponses, ArchiveGroupData, ArchiveGroupErrors, ArchiveGroupResponses, ArchiveTaskData, ArchiveTaskErrors, ArchiveTaskResponses, BeginSessionData, BeginSessionErrors, BeginSessionResponses, CancelTaskData, CancelTaskErrors, CancelTaskResponses, ChangeScheduleData, ChangeScheduleErrors, ChangeScheduleResponses, CheckStoreData, CheckStoreErrors, CheckStoreResponses, CreateKeyData, CreateKeyErrors, CreateKeyResponses, CreateOperationData, CreateOperationErrors, CreateOperationResponses, DeleteGroupData, DeleteGroupErrors, DeleteGroupResponses, DeleteTaskData, DeleteTaskErrors, DeleteTaskResponses, EditTaskPayloadData, EditTaskPayloadErrors, EditTaskPayloadResponses, EndSessionData, EndSessionErrors, EndSessionResponses, EnqueueTaskData, EnqueueTaskErrors, EnqueueTaskInQueueData, EnqueueTaskInQueueErrors, EnqueueTaskInQueueResponses, EnqueueTaskResponses, EnqueueTasksData, EnqueueTasksErrors, EnqueueTasksInQueueData, EnqueueTasksInQueueErrors, EnqueueTasksInQueueResponses, EnqueueTasksResponses, EvictServerData, EvictServerErrors, EvictServerResponses, ExplainQueueData, ExplainQueueErrors, ExplainQueueResponses, ExplainTaskData, ExplainTaskErrors, ExplainTaskResponses, ExportAuditData, ExportAuditErrors, ExportAuditResponses, GetOpenapiDocumentData, GetOpenapiDocumentErrors, GetOpenapiDocumentResponses, GetOperationData, GetOperationErrors, GetOperationResponses, GetQueueData, GetQueueErrors, GetQueueHistoryData, GetQueueHistoryErrors, GetQueueHistoryResponses, GetQueueResponses, GetQueueShardsData, GetQueueShardsErrors, GetQueueShardsResponses, GetScheduleData, GetScheduleErrors, GetScheduleResponses, GetSessionData, GetSessionErrors, GetSessionResponses, GetStatisticsData, GetStatisticsErrors, GetStatisticsResponses, GetStoreData, GetStoreErrors, GetStoreResponses, GetTaskData, GetTaskErrors, GetTaskLogData, GetTaskLogErrors, GetTaskLogResponses, GetTaskResponses, ListAuditData, ListAuditErrors, ListAuditResponses, ListFindingsData, ListFindingsErrors, ListFindingsResponses, ListGroupsData, ListGroupsErrors, ListGroupsResponses, ListKeysData, ListKeysErrors, ListKeysResponses, ListOperationOutcomesData, ListOperationOutcomesErrors, ListOperationOutcomesResponses, ListOperationsData, ListOperationsErrors, ListOperationsResponses, ListQueuesData, ListQueuesErrors, ListQueuesResponses, ListSchedulerEntriesData, ListSchedulerEntriesErrors, ListSchedulerEntriesResponses, ListSchedulesData, ListSchedulesErrors, ListSchedulesResponses, ListScheduleTurnsData, ListScheduleTurnsErrors, ListScheduleTurnsResponses, ListServersData, ListServersErrors, ListServersResponses, ListSessionsData, ListSessionsErrors, ListSessionsResponses, ListTypesData, ListTypesErrors, ListTypesResponses, ListWorkersData, ListWorkersErrors, ListWorkersResponses, PauseQueueData, PauseQueueErrors, PauseQueueResponses, PauseScheduleData, PauseScheduleErrors, PauseScheduleResponses, QuietServerData, QuietServerErrors, QuietServerResponses, ReleaseLockData, ReleaseLockErrors, ReleaseLockResponses, RemoveQueueData, RemoveQueueErrors, RemoveQueueResponses, RemoveScheduleData, RemoveScheduleErrors, RemoveScheduleResponses, RescheduleTaskData, RescheduleTaskErrors, RescheduleTaskResponses, ResumeQueueData, ResumeQueueErrors, ResumeQueueResponses, ResumeScheduleData, ResumeScheduleErrors, ResumeScheduleResponses, RevokeKeyData, RevokeKeyErrors, RevokeKeyResponses, RevokeSessionData, RevokeSessionErrors, RevokeSessionResponses, RunGroupData, RunGroupErrors, RunGroupResponses, RunScheduleData, RunScheduleErrors, RunScheduleResponses, RunTaskData, RunTaskErrors, RunTaskResponses, SearchTasksData, SearchTasksErrors, SearchTasksResponses, StopServerData, StopServerErrors, StopServerResponses, UpsertScheduleData, UpsertScheduleErrors, UpsertScheduleResponses, WatchEventsData, WatchEventsErrors, WatchEventsResponse, WatchEventsResponses } from './types.gen.ts';

export type Options<TData extends TDataShape = TDataShape, ThrowOnError extends boolean = boolean, TResponse = unknown> = Options2<TData, ThrowOnError, TResponse> & {
    /**
     * You can provide a client instance returned by `createClient()` instead of
     * individual options. This might be also useful if you want to implement a
     * custom client.
     */
    client?: Client;
    /**
     * You can pass arbitrary values through the `meta` object. This can be
     * used to access values that aren't defined as part of the SDK function.
     */
    meta?: keyof ClientMeta extends never ? Record<string, unknown> : ClientMeta;
};

class HeyApiClient {
    protected client: Client;
    
    constructor(args: {
        client: Client;
    }) {
        this.client = args.client;
    }
}

class HeyApiRegistry<T> {
    private readonly defaultKey = 'default';
    
    private readonly instances: Map<string, T> = new Map();
    
    get(key?: string): T {
        const instance = this.instances.get(key ?? this.defaultKey);
        if (!instance) {
            throw new Error(`No SDK client found. Create one with "new GeneratedOperations()" to fix this error.`);
        }
        return instance;
    }
    
    set(value: T, key?: string): void {
        this.instances.set(key ?? this.defaultKey, value);
    }
}

export class GeneratedOperations extends HeyApiClient {
    public static readonly __registry: HeyApiRegistry<GeneratedOperations> = new HeyApiRegistry<GeneratedOperations>();
    
    constructor(args: {
        client: Client;
        key?: string;
    }) {
        super(args);
        GeneratedOperations.__registry.set(this, args.key);
    }
    
    /**
     * List the queues
     *
     * With their tasks by state, today's work, and how long the next task has waited. Needs the scope `read`.
     */
    public listQueues<ThrowOnError extends boolean = true>(options?: Options<ListQueuesData, ThrowOnError>): RequestResult<ListQueuesResponses, ListQueuesErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListQueuesResponses, ListQueuesErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues',
            ...options
        });
    }
    
    /**
     * Remove a queue
     *
     * With everything that belongs to it: tasks, groups, locks, counters, pause. When time is up it is half removed; ask again. Needs the scope `operate`.
     */
    public removeQueue<ThrowOnError extends boolean = true>(options: Options<RemoveQueueData, ThrowOnError>): RequestResult<RemoveQueueResponses, RemoveQueueErrors, ThrowOnError> {
        return (options.client ?? this.client).delete<RemoveQueueResponses, RemoveQueueErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}',
            ...options
        });
    }
    
    /**
     * Show a queue
     *
     * Its numbers, pause and policy, and an estimate of the room that its tasks take. Needs the scope `read`.
     */
    public getQueue<ThrowOnError extends boolean = true>(options: Options<GetQueueData, ThrowOnError>): RequestResult<GetQueueResponses, GetQueueErrors, ThrowOnError> {
        return (options.client ?? this.client).get<GetQueueResponses, GetQueueErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}',
            ...options
        });
    }
    
    /**
     * Show what a queue did by day
     *
     * Attempts that ended, and the counted failures among them. Needs the scope `read`.
     */
    public getQueueHistory<ThrowOnError extends boolean = true>(options: Options<GetQueueHistoryData, ThrowOnError>): RequestResult<GetQueueHistoryResponses, GetQueueHistoryErrors, ThrowOnError> {
        return (options.client ?? this.client).get<GetQueueHistoryResponses, GetQueueHistoryErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/history',
            ...options
        });
    }
    
    /**
     * Show a sharded queue as one
     *
     * The store keeps a sharded queue as several: `name:0`, `name:1` and so on. All zeros for an unknown one. Needs the scope `read`.
     */
    public getQueueShards<ThrowOnError extends boolean = true>(options: Options<GetQueueShardsData, ThrowOnError>): RequestResult<GetQueueShardsResponses, GetQueueShardsErrors, ThrowOnError> {
        return (options.client ?? this.client).get<GetQueueShardsResponses, GetQueueShardsErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/shards',
            ...options
        });
    }
    
    /**
     * Pause a queue
     *
     * Nothing is taken from it until it is resumed; running tasks go on, new ones wait. A queue that had no task yet is known from then on. Needs the scope `operate`.
     */
    public pauseQueue<ThrowOnError extends boolean = true>(options: Options<PauseQueueData, ThrowOnError>): RequestResult<PauseQueueResponses, PauseQueueErrors, ThrowOnError> {
        return (options.client ?? this.client).post<PauseQueueResponses, PauseQueueErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/pause',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Resume a queue
     *
     * Ends its pause. Needs the scope `operate`.
     */
    public resumeQueue<ThrowOnError extends boolean = true>(options: Options<ResumeQueueData, ThrowOnError>): RequestResult<ResumeQueueResponses, ResumeQueueErrors, ThrowOnError> {
        return (options.client ?? this.client).post<ResumeQueueResponses, ResumeQueueErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/resume',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Free the lock of a unique task
     *
     * So that another task with this type and payload can be enqueued. The task that owns it stays. Needs the scope `operate`.
     */
    public releaseLock<ThrowOnError extends boolean = true>(options: Options<ReleaseLockData, ThrowOnError>): RequestResult<ReleaseLockResponses, ReleaseLockErrors, ThrowOnError> {
        return (options.client ?? this.client).post<ReleaseLockResponses, ReleaseLockErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/locks/release',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * List the groups of a queue
     *
     * Those that hold tasks. Needs the scope `read`.
     */
    public listGroups<ThrowOnError extends boolean = true>(options: Options<ListGroupsData, ThrowOnError>): RequestResult<ListGroupsResponses, ListGroupsErrors, ThrowOnError> {
        return (options.client ?? this.client).get<ListGroupsResponses, ListGroupsErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/groups',
            ...options
        });
    }
    
    /**
     * Run the tasks of a group one by one
     *
     * They go to the end of the line and are not aggregated. Needs the scope `operate`.
     */
    public runGroup<ThrowOnError extends boolean = true>(options: Options<RunGroupData, ThrowOnError>): RequestResult<RunGroupResponses, RunGroupErrors, ThrowOnError> {
        return (options.client ?? this.client).post<RunGroupResponses, RunGroupErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/groups/{group}/run',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Archive the tasks of a group
     *
     * They are kept and run only when somebody says so. Needs the scope `operate`.
     */
    public archiveGroup<ThrowOnError extends boolean = true>(options: Options<ArchiveGroupData, ThrowOnError>): RequestResult<ArchiveGroupResponses, ArchiveGroupErrors, ThrowOnError> {
        return (options.client ?? this.client).post<ArchiveGroupResponses, ArchiveGroupErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/groups/{group}/archive',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Delete the tasks of a group
     *
     * Those that are being aggregated right now are left alone. Needs the scope `operate`.
     */
    public deleteGroup<ThrowOnError extends boolean = true>(options: Options<DeleteGroupData, ThrowOnError>): RequestResult<DeleteGroupResponses, DeleteGroupErrors, ThrowOnError> {
        return (options.client ?? this.client).delete<DeleteGroupResponses, DeleteGroupErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/groups/{group}',
            ...options
        });
    }
    
    /**
     * List the schedules
     *
     * Those that are kept in the store; `GET /scheduler-entries` has those of code too. Needs the scope `read`.
     */
    public listSchedules<ThrowOnError extends boolean = true>(options?: Options<ListSchedulesData, ThrowOnError>): RequestResult<ListSchedulesResponses, ListSchedulesErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListSchedulesResponses, ListSchedulesErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules',
            ...options
        });
    }
    
    /**
     * Add a schedule
     *
     * Its first turn is the first one after now. Needs the scope `operate`.
     */
    public addSchedule<ThrowOnError extends boolean = true>(options: Options<AddScheduleData, ThrowOnError>): RequestResult<AddScheduleResponses, AddScheduleErrors, ThrowOnError> {
        return (options.client ?? this.client).post<AddScheduleResponses, AddScheduleErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Remove a schedule
     *
     * Tasks that were enqueued for it stay. Needs the scope `operate`.
     */
    public removeSchedule<ThrowOnError extends boolean = true>(options: Options<RemoveScheduleData, ThrowOnError>): RequestResult<RemoveScheduleResponses, RemoveScheduleErrors, ThrowOnError> {
        return (options.client ?? this.client).delete<RemoveScheduleResponses, RemoveScheduleErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules/{id}',
            ...options
        });
    }
    
    /**
     * Show a schedule
     *
     * With its next turn, and whether somebody fires it. Needs the scope `read`.
     */
    public getSchedule<ThrowOnError extends boolean = true>(options: Options<GetScheduleData, ThrowOnError>): RequestResult<GetScheduleResponses, GetScheduleErrors, ThrowOnError> {
        return (options.client ?? this.client).get<GetScheduleResponses, GetScheduleErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules/{id}',
            ...options
        });
    }
    
    /**
     * Change a schedule
     *
     * A new spec or time zone counts from now on: no earlier turn is made up for. Needs the scope `operate`.
     */
    public changeSchedule<ThrowOnError extends boolean = true>(options: Options<ChangeScheduleData, ThrowOnError>): RequestResult<ChangeScheduleResponses, ChangeScheduleErrors, ThrowOnError> {
        return (options.client ?? this.client).patch<ChangeScheduleResponses, ChangeScheduleErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules/{id}',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Add a schedule, or make it like this
     *
     * An equal one is left alone, with its turns; a paused one stays paused. Needs the scope `operate`.
     */
    public upsertSchedule<ThrowOnError extends boolean = true>(options: Options<UpsertScheduleData, ThrowOnError>): RequestResult<UpsertScheduleResponses, UpsertScheduleErrors, ThrowOnError> {
        return (options.client ?? this.client).put<UpsertScheduleResponses, UpsertScheduleErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules/{id}',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Pause a schedule
     *
     * No turn is fired until it is resumed. Needs the scope `operate`.
     */
    public pauseSchedule<ThrowOnError extends boolean = true>(options: Options<PauseScheduleData, ThrowOnError>): RequestResult<PauseScheduleResponses, PauseScheduleErrors, ThrowOnError> {
        return (options.client ?? this.client).post<PauseScheduleResponses, PauseScheduleErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules/{id}/pause',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Resume a schedule
     *
     * From the next turn on; those of the pause are not made up for. Needs the scope `operate`.
     */
    public resumeSchedule<ThrowOnError extends boolean = true>(options: Options<ResumeScheduleData, ThrowOnError>): RequestResult<ResumeScheduleResponses, ResumeScheduleErrors, ThrowOnError> {
        return (options.client ?? this.client).post<ResumeScheduleResponses, ResumeScheduleErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules/{id}/resume',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Enqueue a schedule's task now
     *
     * Besides its turns, also while it is paused. Needs the scope `operate`.
     */
    public runSchedule<ThrowOnError extends boolean = true>(options: Options<RunScheduleData, ThrowOnError>): RequestResult<RunScheduleResponses, RunScheduleErrors, ThrowOnError> {
        return (options.client ?? this.client).post<RunScheduleResponses, RunScheduleErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules/{id}/run',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * List the tasks that were enqueued for a schedule
     *
     * Also those that were enqueued by hand. Needs the scope `read`.
     */
    public listScheduleTurns<ThrowOnError extends boolean = true>(options: Options<ListScheduleTurnsData, ThrowOnError>): RequestResult<ListScheduleTurnsResponses, ListScheduleTurnsErrors, ThrowOnError> {
        return (options.client ?? this.client).get<ListScheduleTurnsResponses, ListScheduleTurnsErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/schedules/{id}/turns',
            ...options
        });
    }
    
    /**
     * List what live schedulers fire
     *
     * Also entries of code and of Go programs, which can't be changed here. Needs the scope `read`.
     */
    public listSchedulerEntries<ThrowOnError extends boolean = true>(options?: Options<ListSchedulerEntriesData, ThrowOnError>): RequestResult<ListSchedulerEntriesResponses, ListSchedulerEntriesErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListSchedulerEntriesResponses, ListSchedulerEntriesErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/scheduler-entries',
            ...options
        });
    }
    
    /**
     * List the worker servers
     *
     * Those that are there with what they run, and those that fell silent, each with what is wrong. Needs the scope `read`.
     */
    public listServers<ThrowOnError extends boolean = true>(options?: Options<ListServersData, ThrowOnError>): RequestResult<ListServersResponses, ListServersErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListServersResponses, ListServersErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/servers',
            ...options
        });
    }
    
    /**
     * Tell a worker server to take no new tasks
     *
     * Running tasks go on. 200 once the server was seen to obey, 202 while the order waits for it. Needs the scope `operate`.
     */
    public quietServer<ThrowOnError extends boolean = true>(options: Options<QuietServerData, ThrowOnError>): RequestResult<QuietServerResponses, QuietServerErrors, ThrowOnError> {
        return (options.client ?? this.client).post<QuietServerResponses, QuietServerErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/servers/{id}/quiet',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Tell a worker server to stop
     *
     * Running tasks may finish, then its process ends. 200 once the server was seen to obey, 202 while the order waits. Needs the scope `operate`.
     */
    public stopServer<ThrowOnError extends boolean = true>(options: Options<StopServerData, ThrowOnError>): RequestResult<StopServerResponses, StopServerErrors, ThrowOnError> {
        return (options.client ?? this.client).post<StopServerResponses, StopServerErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/servers/{id}/stop',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Take all tasks away from a worker server that does not listen
     *
     * At once and whatever it does: its tasks wait in front of their queues, with nothing spent, and nothing that it still writes about them counts. Needs the scope `operate`.
     */
    public evictServer<ThrowOnError extends boolean = true>(options: Options<EvictServerData, ThrowOnError>): RequestResult<EvictServerResponses, EvictServerErrors, ThrowOnError> {
        return (options.client ?? this.client).post<EvictServerResponses, EvictServerErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/servers/{id}/evict',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * List what runs now
     *
     * Each running task with its server, as the servers told of themselves in the last seconds. Needs the scope `read`.
     */
    public listWorkers<ThrowOnError extends boolean = true>(options?: Options<ListWorkersData, ThrowOnError>): RequestResult<ListWorkersResponses, ListWorkersErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListWorkersResponses, ListWorkersErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/workers',
            ...options
        });
    }
    
    /**
     * List the types of tasks
     *
     * Those with a definition here, with the schema of their payload, and those that live servers handle. Needs the scope `read`.
     */
    public listTypes<ThrowOnError extends boolean = true>(options?: Options<ListTypesData, ThrowOnError>): RequestResult<ListTypesResponses, ListTypesErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListTypesResponses, ListTypesErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/types',
            ...options
        });
    }
    
    /**
     * Enqueue a task of a type that has a definition
     *
     * Its payload is checked first. 201: it is new. 200: it was there already, or was waited for and has ended. 202: it is new, was waited for, and has not ended. Needs the scope `enqueue`.
     */
    public enqueueTask<ThrowOnError extends boolean = true>(options: Options<EnqueueTaskData, ThrowOnError>): RequestResult<EnqueueTaskResponses, EnqueueTaskErrors, ThrowOnError> {
        return (options.client ?? this.client).post<EnqueueTaskResponses, EnqueueTaskErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/types/{type}/tasks',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Enqueue many tasks of a type that has a definition
     *
     * One outcome for each, in order: one that is refused costs the others nothing. An `Idempotency-Key` is refused: items that carry an `id` can be sent again. Needs the scope `enqueue`.
     */
    public enqueueTasks<ThrowOnError extends boolean = true>(options: Options<EnqueueTasksData, ThrowOnError>): RequestResult<EnqueueTasksResponses, EnqueueTasksErrors, ThrowOnError> {
        return (options.client ?? this.client).post<EnqueueTasksResponses, EnqueueTasksErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/types/{type}/tasks/bulk',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Enqueue a task of any type into a queue
     *
     * Where no definition is known, nothing checks the payload, and `checked` says so. 201: it is new. 200: it was there already, or was waited for and has ended. 202: it is new, was waited for, and has not ended. Needs the scope `enqueue`.
     */
    public enqueueTaskInQueue<ThrowOnError extends boolean = true>(options: Options<EnqueueTaskInQueueData, ThrowOnError>): RequestResult<EnqueueTaskInQueueResponses, EnqueueTaskInQueueErrors, ThrowOnError> {
        return (options.client ?? this.client).post<EnqueueTaskInQueueResponses, EnqueueTaskInQueueErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/tasks',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Enqueue many tasks of any types into a queue
     *
     * One outcome for each, in order: one that is refused costs the others nothing. An `Idempotency-Key` is refused: items that carry an `id` can be sent again. Needs the scope `enqueue`.
     */
    public enqueueTasksInQueue<ThrowOnError extends boolean = true>(options: Options<EnqueueTasksInQueueData, ThrowOnError>): RequestResult<EnqueueTasksInQueueResponses, EnqueueTasksInQueueErrors, ThrowOnError> {
        return (options.client ?? this.client).post<EnqueueTasksInQueueResponses, EnqueueTasksInQueueErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/tasks/bulk',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Explain why a task is where it is
     *
     * Not due, paused by whom, nobody there, nobody who handles it, behind how many others, held by the order of its queue, tried again when, run by whom, archived why. Needs the scope `read`.
     */
    public explainTask<ThrowOnError extends boolean = true>(options: Options<ExplainTaskData, ThrowOnError>): RequestResult<ExplainTaskResponses, ExplainTaskErrors, ThrowOnError> {
        return (options.client ?? this.client).get<ExplainTaskResponses, ExplainTaskErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}/explain',
            ...options
        });
    }
    
    /**
     * Explain why nothing moves in a queue
     *
     * What stands in the way first of what is due; or that it moves, or that nothing is due. Needs the scope `read`.
     */
    public explainQueue<ThrowOnError extends boolean = true>(options: Options<ExplainQueueData, ThrowOnError>): RequestResult<ExplainQueueResponses, ExplainQueueErrors, ThrowOnError> {
        return (options.client ?? this.client).get<ExplainQueueResponses, ExplainQueueErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/queues/{queue}/explain',
            ...options
        });
    }
    
    /**
     * List tasks over queues and states
     *
     * With conditions it looks for a moment, and then answers with what it has found: `complete` says whether it came to the end of the page, `next` goes on. Needs the scope `read`.
     */
    public searchTasks<ThrowOnError extends boolean = true>(options?: Options<SearchTasksData, ThrowOnError>): RequestResult<SearchTasksResponses, SearchTasksErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<SearchTasksResponses, SearchTasksErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks',
            ...options
        });
    }
    
    /**
     * Delete a task
     *
     * With its uniqueness lock. Needs the scope `operate`.
     */
    public deleteTask<ThrowOnError extends boolean = true>(options: Options<DeleteTaskData, ThrowOnError>): RequestResult<DeleteTaskResponses, DeleteTaskErrors, ThrowOnError> {
        return (options.client ?? this.client).delete<DeleteTaskResponses, DeleteTaskErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}',
            ...options
        });
    }
    
    /**
     * Show a task
     *
     * Everything that is known of it. Needs the scope `read`.
     */
    public getTask<ThrowOnError extends boolean = true>(options: Options<GetTaskData, ThrowOnError>): RequestResult<GetTaskResponses, GetTaskErrors, ThrowOnError> {
        return (options.client ?? this.client).get<GetTaskResponses, GetTaskErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}',
            ...options
        });
    }
    
    /**
     * Run a task now
     *
     * Puts it at the end of its queue's line, whatever its due time or number of failures. Needs the scope `operate`.
     */
    public runTask<ThrowOnError extends boolean = true>(options: Options<RunTaskData, ThrowOnError>): RequestResult<RunTaskResponses, RunTaskErrors, ThrowOnError> {
        return (options.client ?? this.client).post<RunTaskResponses, RunTaskErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}/run',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Archive a task
     *
     * Keeps it; it never runs unless asked. Needs the scope `operate`.
     */
    public archiveTask<ThrowOnError extends boolean = true>(options: Options<ArchiveTaskData, ThrowOnError>): RequestResult<ArchiveTaskResponses, ArchiveTaskErrors, ThrowOnError> {
        return (options.client ?? this.client).post<ArchiveTaskResponses, ArchiveTaskErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}/archive',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Cancel a task
     *
     * One that waits is archived. The worker of one that runs is asked to stop it. Needs the scope `operate`.
     */
    public cancelTask<ThrowOnError extends boolean = true>(options: Options<CancelTaskData, ThrowOnError>): RequestResult<CancelTaskResponses, CancelTaskErrors, ThrowOnError> {
        return (options.client ?? this.client).post<CancelTaskResponses, CancelTaskErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}/cancel',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Let a task run at another moment
     *
     * One that is to be tried again stays so. Any other that nobody runs is scheduled, also an archived one. A uniqueness lock keeps its end. Needs the scope `operate`.
     */
    public rescheduleTask<ThrowOnError extends boolean = true>(options: Options<RescheduleTaskData, ThrowOnError>): RequestResult<RescheduleTaskResponses, RescheduleTaskErrors, ThrowOnError> {
        return (options.client ?? this.client).post<RescheduleTaskResponses, RescheduleTaskErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}/reschedule',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Replace the payload of a task
     *
     * Of one that waits or is archived. Where its type has a definition, the payload is checked first. Needs the scope `operate`.
     */
    public editTaskPayload<ThrowOnError extends boolean = true>(options: Options<EditTaskPayloadData, ThrowOnError>): RequestResult<EditTaskPayloadResponses, EditTaskPayloadErrors, ThrowOnError> {
        return (options.client ?? this.client).put<EditTaskPayloadResponses, EditTaskPayloadErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}/payload',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Read the log lines of a task
     *
     * What its handlers said, while it runs and after, oldest first. `next` leads to the lines that follow now, `end` to those that follow later. Needs the scope `read`.
     */
    public getTaskLog<ThrowOnError extends boolean = true>(options: Options<GetTaskLogData, ThrowOnError>): RequestResult<GetTaskLogResponses, GetTaskLogErrors, ThrowOnError> {
        return (options.client ?? this.client).get<GetTaskLogResponses, GetTaskLogErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/tasks/{queue}/{id}/log',
            ...options
        });
    }
    
    /**
     * List the operations on many tasks
     *
     * The newest first, ended ones for seven days. A page may hold fewer than asked for and have a next. Needs the scope `operate`.
     */
    public listOperations<ThrowOnError extends boolean = true>(options?: Options<ListOperationsData, ThrowOnError>): RequestResult<ListOperationsResponses, ListOperationsErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListOperationsResponses, ListOperationsErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/operations',
            ...options
        });
    }
    
    /**
     * Change many tasks
     *
     * Begins an operation that goes on by itself, also after a restart of the server. A deletion waits a minute first, during which it can be aborted. With `dry_run`, only says which tasks it would be. Needs the scope `operate`.
     */
    public createOperation<ThrowOnError extends boolean = true>(options: Options<CreateOperationData, ThrowOnError>): RequestResult<CreateOperationResponses, CreateOperationErrors, ThrowOnError> {
        return (options.client ?? this.client).post<CreateOperationResponses, CreateOperationErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/operations',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Show an operation
     *
     * How far it is, with its outcomes counted. Needs the scope `operate`.
     */
    public getOperation<ThrowOnError extends boolean = true>(options: Options<GetOperationData, ThrowOnError>): RequestResult<GetOperationResponses, GetOperationErrors, ThrowOnError> {
        return (options.client ?? this.client).get<GetOperationResponses, GetOperationErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/operations/{id}',
            ...options
        });
    }
    
    /**
     * List what became of each task
     *
     * In the order in which they were changed. The first 5000 that were done are kept, and some 5000 that were not. Needs the scope `operate`.
     */
    public listOperationOutcomes<ThrowOnError extends boolean = true>(options: Options<ListOperationOutcomesData, ThrowOnError>): RequestResult<ListOperationOutcomesResponses, ListOperationOutcomesErrors, ThrowOnError> {
        return (options.client ?? this.client).get<ListOperationOutcomesResponses, ListOperationOutcomesErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/operations/{id}/outcomes',
            ...options
        });
    }
    
    /**
     * Abort an operation
     *
     * Of one that waits, nothing was done. Of one that is running, what was done stays done. Needs the scope `operate`.
     */
    public abortOperation<ThrowOnError extends boolean = true>(options: Options<AbortOperationData, ThrowOnError>): RequestResult<AbortOperationResponses, AbortOperationErrors, ThrowOnError> {
        return (options.client ?? this.client).post<AbortOperationResponses, AbortOperationErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/operations/{id}/abort',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Show the store
     *
     * Which one it is, how large, and how writing to it goes. Needs the scope `read`.
     */
    public getStore<ThrowOnError extends boolean = true>(options?: Options<GetStoreData, ThrowOnError>): RequestResult<GetStoreResponses, GetStoreErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<GetStoreResponses, GetStoreErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/store',
            ...options
        });
    }
    
    /**
     * Look whether the store fits together
     *
     * As `hikyaku doctor` does: each task is looked at, slice by slice, while others work. A large store needs the command line; here it must be done within two minutes. Needs the scope `operate`.
     */
    public checkStore<ThrowOnError extends boolean = true>(options: Options<CheckStoreData, ThrowOnError>): RequestResult<CheckStoreResponses, CheckStoreErrors, ThrowOnError> {
        return (options.client ?? this.client).post<CheckStoreResponses, CheckStoreErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/store/check',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * List what is not as it should be
     *
     * Who works and should not, or not like that; tasks that wait for nobody; what failed for good in the last hour; schedules and settings. An answer may be five seconds old. The doctor also looks at every task. Needs the scope `read`.
     */
    public listFindings<ThrowOnError extends boolean = true>(options?: Options<ListFindingsData, ThrowOnError>): RequestResult<ListFindingsResponses, ListFindingsErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListFindingsResponses, ListFindingsErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/findings',
            ...options
        });
    }
    
    /**
     * Follow what happens
     *
     * Server-sent events, from the next one on or after a given one, until the caller leaves. They begin within five seconds. A comment comes after 15 seconds of silence. `gap` and `reset` say that events are missing. Needs the scope `read`.
     */
    public watchEvents<ThrowOnError extends boolean = true>(options?: Options<WatchEventsData, ThrowOnError, WatchEventsResponse>): Promise<ServerSentEventsResult<WatchEventsResponses>> {
        return (options?.client ?? this.client).sse.get<WatchEventsResponses, WatchEventsErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/events',
            ...options
        });
    }
    
    /**
     * Show what happened in a range of time
     *
     * Counts, lateness and run times, point by point. Sums of what was reported: the last seconds lack, and what Go's programs did. Needs the scope `read`.
     */
    public getStatistics<ThrowOnError extends boolean = true>(options?: Options<GetStatisticsData, ThrowOnError>): RequestResult<GetStatisticsResponses, GetStatisticsErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<GetStatisticsResponses, GetStatisticsErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/statistics',
            ...options
        });
    }
    
    /**
     * Describe this API
     *
     * This document: OpenAPI 3.1. Its addresses are relative to its own, wherever the API is mounted. Needs the scope `read`.
     */
    public getOpenapiDocument<ThrowOnError extends boolean = true>(options?: Options<GetOpenapiDocumentData, ThrowOnError>): RequestResult<GetOpenapiDocumentResponses, GetOpenapiDocumentErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<GetOpenapiDocumentResponses, GetOpenapiDocumentErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/openapi.json',
            ...options
        });
    }
    
    /**
     * List who changed what
     *
     * Every change over HTTP, by the command line and by code that says who it is, the newest first. Adding tasks is no change here. A page may be empty and have a next. Needs the scope `admin`.
     */
    public listAudit<ThrowOnError extends boolean = true>(options?: Options<ListAuditData, ThrowOnError>): RequestResult<ListAuditResponses, ListAuditErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListAuditResponses, ListAuditErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/audit',
            ...options
        });
    }
    
    /**
     * Export who changed what
     *
     * The same as lines of JSON, all that there are, the newest first. Needs the scope `admin`.
     */
    public exportAudit<ThrowOnError extends boolean = true>(options?: Options<ExportAuditData, ThrowOnError>): RequestResult<ExportAuditResponses, ExportAuditErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ExportAuditResponses, ExportAuditErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/audit/export',
            ...options
        });
    }
    
    /**
     * List the API keys
     *
     * By their ids. A key that has expired is listed for thirty days more. Needs the scope `admin`.
     */
    public listKeys<ThrowOnError extends boolean = true>(options?: Options<ListKeysData, ThrowOnError>): RequestResult<ListKeysResponses, ListKeysErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListKeysResponses, ListKeysErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/keys',
            ...options
        });
    }
    
    /**
     * Make an API key
     *
     * The answer shows it once. Only its SHA-256 is kept. Needs the scope `admin`.
     */
    public createKey<ThrowOnError extends boolean = true>(options: Options<CreateKeyData, ThrowOnError>): RequestResult<CreateKeyResponses, CreateKeyErrors, ThrowOnError> {
        return (options.client ?? this.client).post<CreateKeyResponses, CreateKeyErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/keys',
            ...options,
            headers: {
                'Content-Type': 'application/json',
                ...options.headers
            }
        });
    }
    
    /**
     * Revoke an API key
     *
     * It is refused from now on; processes that have just looked it up may accept it for five seconds more. Needs the scope `admin`.
     */
    public revokeKey<ThrowOnError extends boolean = true>(options: Options<RevokeKeyData, ThrowOnError>): RequestResult<RevokeKeyResponses, RevokeKeyErrors, ThrowOnError> {
        return (options.client ?? this.client).delete<RevokeKeyResponses, RevokeKeyErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/keys/{id}',
            ...options
        });
    }
    
    /**
     * Sign out
     *
     * Ends the session of the request, and takes its cookie away. Needs the scope `read`.
     */
    public endSession<ThrowOnError extends boolean = true>(options?: Options<EndSessionData, ThrowOnError>): RequestResult<EndSessionResponses, EndSessionErrors, ThrowOnError> {
        return (options?.client ?? this.client).delete<EndSessionResponses, EndSessionErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/session',
            ...options
        });
    }
    
    /**
     * Tell who asks
     *
     * And what it may do. Needs the scope `read`.
     */
    public getSession<ThrowOnError extends boolean = true>(options?: Options<GetSessionData, ThrowOnError>): RequestResult<GetSessionResponses, GetSessionErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<GetSessionResponses, GetSessionErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/session',
            ...options
        });
    }
    
    /**
     * Sign in
     *
     * Send a credential with it, such as a key as a bearer token: the answer sets a cookie that permits the same until the session ends. A session begins no other one. Needs the scope `read`.
     */
    public beginSession<ThrowOnError extends boolean = true>(options?: Options<BeginSessionData, ThrowOnError>): RequestResult<BeginSessionResponses, BeginSessionErrors, ThrowOnError> {
        return (options?.client ?? this.client).post<BeginSessionResponses, BeginSessionErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/session',
            ...options
        });
    }
    
    /**
     * List the sessions
     *
     * Who is signed in with a browser, by the ids of the sessions. Needs the scope `admin`.
     */
    public listSessions<ThrowOnError extends boolean = true>(options?: Options<ListSessionsData, ThrowOnError>): RequestResult<ListSessionsResponses, ListSessionsErrors, ThrowOnError> {
        return (options?.client ?? this.client).get<ListSessionsResponses, ListSessionsErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/sessions',
            ...options
        });
    }
    
    /**
     * End somebody's session
     *
     * It is over at once, in every process. Needs the scope `admin`.
     */
    public revokeSession<ThrowOnError extends boolean = true>(options: Options<RevokeSessionData, ThrowOnError>): RequestResult<RevokeSessionResponses, RevokeSessionErrors, ThrowOnError> {
        return (options.client ?? this.client).delete<RevokeSessionResponses, RevokeSessionErrors, ThrowOnError>({
            security: [{ scheme: 'bearer', type: 'http' }],
            url: '/sessions/{id}',
            ...options
        });
    }
}
