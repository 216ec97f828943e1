import {
  type Broker,
  Client,
  type Clock,
  checkStore,
  defineTask,
  errorText,
  rawBytes,
  Scheduler,
  Server,
  silentLogger,
  systemClock,
  type TaskState,
} from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { base64, Failure, requestOf, toldServers, toldTask } from "./hikyaku-told.ts";
import { Gates, notNow, work } from "./hikyaku-worker.ts";
import type { PeerEvent, SchedulerSpec, ServerSpec, TaskSpec, ToldEntry, ToldQueue } from "./peer-protocol.ts";

interface InspectArgs {
  readonly method: string;
  readonly queue?: string;
  readonly taskId: string;
  readonly state: TaskState;
  readonly group: string;
}

interface Named {
  readonly name: string;
}

/** Our side: client, servers and inspector on one Redis; the counterpart of tests/interop/go/cmd/peer. */
export class HikyakuSide {
  readonly #say: (event: PeerEvent) => void;
  readonly #clock: Clock;
  readonly #broker: Broker;
  readonly #client: Client;
  readonly #servers = new Map<string, Server>();
  readonly #schedulers = new Map<string, Scheduler>();
  readonly #gates = new Gates();

  constructor(address: string, clockAheadMs: number, say: (event: PeerEvent) => void) {
    this.#say = say;
    this.#clock = { ...systemClock, now: () => Date.now() + clockAheadMs };
    const addrs = address.split(",");
    const place = addrs.length > 1 ? { cluster: { addrs } } : { addr: address };
    this.#broker = redisBroker({ ...place, clock: this.#clock });
    this.#client = new Client({ broker: this.#broker, clock: this.#clock });
  }

  async ready(): Promise<void> {
    await this.#broker.ready();
    this.#say({ event: "ready" });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#schedulers.values()].map((scheduler) => scheduler.close()));
    await Promise.all([...this.#servers.values()].map((server) => server.stop({ timeout: "0s" })));
    await this.#client.close();
    await this.#broker.close();
  }

  async answer(op: string, args: unknown): Promise<unknown> {
    switch (op) {
      case "enqueue":
        return this.#enqueue([args as TaskSpec]).then(([task]) => task);
      case "enqueueMany":
        return this.#enqueue(args as TaskSpec[]).then((tasks) => tasks.map(({ id }) => id));
      case "inspect":
        return this.#inspect(args as InspectArgs);
      case "startServer":
        return this.#startServer(args as ServerSpec);
      case "stopServer":
        return this.#server(args as Named).quiet();
      case "shutDownServer":
        return this.#server(args as Named).stop();
      case "startScheduler":
        return this.#startScheduler(args as SchedulerSpec);
      case "shutDownScheduler":
        return this.#schedulers.get((args as Named).name)?.close();
      case "check":
        return checkStore(this.#broker, { scope: "tasks", graceMs: 0, repair: (args as { repair: boolean }).repair });
      case "release":
        return this.#gates.of((args as { taskId: string }).taskId).resolve();
      default:
        throw new Error(`our side knows no op ${op}`);
    }
  }

  async #enqueue(specs: readonly TaskSpec[]) {
    const results = await this.#client.enqueueMany(specs.map(requestOf));
    return results.map((result) => {
      if (!result.ok) throw result.error;
      return result.task;
    });
  }

  #startServer(spec: ServerSpec): void {
    const { name, concurrency, queues, strict, shutdownTimeoutMs, retryDelayMs, quiet, archiveMaxCount } = spec;
    const server = new Server({
      broker: this.#broker,
      clock: this.#clock,
      concurrency,
      queues,
      strictPriority: strict,
      shutdownTimeout: { ms: shutdownTimeoutMs },
      abortGrace: { ms: 200 },
      logger: silentLogger,
      archiveMaxCount,
      archiveMaxAge: { ms: spec.archiveMaxAgeMs },
      retryDelay: () => ({ ms: retryDelayMs }),
      // As the other side does.
      cancelledTasks: "retry",
      isFailure: (error) => error !== notNow,
      onError: (error, { taskId, type }) => {
        this.#say({ event: "failed", server: name, taskId, type, error: errorText(error) });
      },
    });
    server.handleRaw({ prefix: "" }, (context) => {
      return work(context, { server: name, quiet, gates: this.#gates, say: this.#say });
    });
    if (spec.groupGraceMs > 0) this.#collectGroups(server, spec);
    this.#servers.set(name, server);
    server.start();
  }

  /** A group whose name begins with `hold` is never finished, so that its collector can die meanwhile. */
  #collectGroups(server: Server, { name, groupGraceMs, groupMaxSize }: ServerSpec): void {
    server.aggregateRaw(
      async ({ group, tasks }) => {
        this.#say({ event: "collecting", server: name, group });
        if (group.startsWith("hold")) await new Promise(() => undefined);
        const payload = Buffer.from(`${group}:${tasks.map((task) => Buffer.from(task.payload)).join(",")}`);
        return defineTask({ type: "collected", payload: rawBytes }).with(payload);
      },
      { gracePeriod: { ms: groupGraceMs }, ...(groupMaxSize > 0 ? { maxSize: groupMaxSize } : {}) },
    );
  }

  async #startScheduler({ name, entries }: SchedulerSpec): Promise<readonly string[]> {
    const scheduler = new Scheduler({
      broker: this.#broker,
      clock: this.#clock,
      logger: silentLogger,
      afterEnqueue: (_, result) => {
        if ("id" in result) this.#say({ event: "fired", scheduler: name, taskId: result.id, type: result.type });
      },
    });
    const ids: string[] = [];
    for (const { spec, task } of entries) ids.push(await scheduler.register(spec, requestOf(task)));
    this.#schedulers.set(name, scheduler);
    scheduler.start();
    return ids;
  }

  #server({ name }: Named): Server {
    const server = this.#servers.get(name);
    if (server === undefined) throw new Error(`no server ${name}`);
    return server;
  }

  async #inspect({ method, queue = "", taskId, state, group }: InspectArgs): Promise<unknown> {
    switch (method) {
      case "queues":
        return this.#broker.queues();
      case "queue":
        return this.#toldQueue(queue);
      case "task": {
        const [task] = await this.#broker.get(queue, [taskId]);
        if (task === undefined) throw new Failure("task_not_found", `no task ${taskId}`);
        return toldTask(task);
      }
      case "list":
        return (await this.#broker.list({ queue, state, group, limit: 1_000 })).tasks.map(toldTask);
      case "pause":
        return this.#broker.pause(queue);
      case "resume":
        return this.#broker.resume(queue);
      case "cancel":
        return this.#client.cancel(queue === "" ? taskId : { queue, id: taskId });
      case "servers":
        return toldServers(this.#broker);
      case "schedulerEntries":
        return (await this.#broker.scheduleRecords()).map(
          ({ entryId, spec, taskType, payload, options, nextAt = 0, previousAt = 0 }): ToldEntry => {
            return { entryId, spec, type: taskType, payload: base64(payload), options, nextAt, previousAt };
          },
        );
      case "schedulerEvents":
        return (await this.#broker.enqueueEvents(taskId, { limit: 1_000 })).events;
      default:
        throw new Error(`our inspector has no method ${method}`);
    }
  }

  async #toldQueue(queue: string): Promise<ToldQueue> {
    const numbers = await this.#broker.queue(queue);
    if (numbers === undefined) throw new Failure("queue_not_found", `no queue ${queue}`);
    return numbers;
  }
}
