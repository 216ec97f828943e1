import type {
  PeerEvent,
  PeerFailure,
  SchedulerSpec,
  ServerSpec,
  TaskSpec,
  ToldEntry,
  ToldQueue,
  ToldServer,
  ToldTask,
} from "./peer-protocol.ts";
import type { Hear, Wire } from "./wire.ts";

const answerTimeoutMs = 30_000;
const eventTimeoutMs = 30_000;

/** What a peer refused to do; `kind` is the same word on both sides. */
class PeerError extends Error {
  override readonly name = "PeerError";
  readonly kind: string;

  constructor(peer: string, { kind, text }: PeerFailure) {
    super(`${peer}: ${text}`);
    this.kind = kind;
  }
}

export type EventMatch = Partial<Omit<PeerEvent, "event">> & { readonly event: string };

interface Answer {
  readonly result?: unknown;
  readonly error?: PeerFailure;
}

type Said = PeerEvent & Answer & { readonly id?: number };

const defaultServer: ServerSpec = {
  name: "server",
  concurrency: 10,
  queues: { default: 1 },
  strict: false,
  retryDelayMs: 3_600_000,
  forwardEveryMs: 50,
  sweepEveryMs: 100,
  shutdownTimeoutMs: 0,
  groupGraceMs: 0,
  groupMaxSize: 0,
  quiet: false,
  archiveMaxCount: 10_000,
  archiveMaxAgeMs: 90 * 86_400_000,
};

/** One side of a test, Go or ours. Both speak the same protocol. */
export class Peer {
  readonly name: string;
  readonly #wire: Wire;
  readonly #events: PeerEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #requests = 0;

  constructor(name: string, connect: (hear: Hear) => Wire) {
    this.name = name;
    this.#wire = connect((said) => this.#hear(said as Said));
  }

  /** All events so far that match. */
  heard(match: EventMatch): readonly PeerEvent[] {
    return this.#events.filter((event) => fits(event, match));
  }

  /** Resolves with the matching events as soon as there are `count`. */
  async hear(match: EventMatch, count = 1, timeoutMs = eventTimeoutMs): Promise<readonly PeerEvent[]> {
    const enough = Promise.withResolvers<readonly PeerEvent[]>();
    const look = (): void => {
      const found = this.heard(match);
      if (found.length >= count) enough.resolve(found);
    };
    const timer = setTimeout(() => enough.reject(new Error(this.#missing(match, count))), timeoutMs);
    this.#listeners.add(look);
    look();
    try {
      return await enough.promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
    }
  }

  /** The first matching event. */
  async first(match: EventMatch): Promise<PeerEvent> {
    const [event] = await this.hear(match);
    return event ?? { event: "none" };
  }

  enqueue(task: TaskSpec): Promise<ToldTask> {
    return this.#ask("enqueue", task) as Promise<ToldTask>;
  }

  /** One after the other, in order. Gives their ids. */
  enqueueMany(tasks: readonly TaskSpec[]): Promise<readonly string[]> {
    return this.#ask("enqueueMany", tasks) as Promise<readonly string[]>;
  }

  async startServer(spec: Partial<ServerSpec> = {}): Promise<void> {
    await this.#ask("startServer", { ...defaultServer, ...spec });
  }

  /** Takes no more tasks; running ones go on. */
  async stopServer(name = defaultServer.name): Promise<void> {
    await this.#ask("stopServer", { name });
  }

  async shutDownServer(name = defaultServer.name): Promise<void> {
    await this.#ask("shutDownServer", { name });
  }

  /** Gives the ids of the entries, in order. */
  startScheduler(spec: Partial<SchedulerSpec> & Pick<SchedulerSpec, "entries">): Promise<readonly string[]> {
    return this.#ask("startScheduler", { name: "scheduler", heartbeatEveryMs: 1_000, ...spec }) as Promise<string[]>;
  }

  async shutDownScheduler(name = "scheduler"): Promise<void> {
    await this.#ask("shutDownScheduler", { name });
  }

  /** Lets a task of type `hold` or `stubborn` go on. */
  async release(taskId: string): Promise<void> {
    await this.#ask("release", { taskId });
  }

  /** An operation of the side's inspector, by the names of tests/interop/go/cmd/peer/inspect.go. */
  inspect(method: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return this.#ask("inspect", { method, ...args });
  }

  task(taskId: string, queue = "default"): Promise<ToldTask> {
    return this.inspect("task", { queue, taskId }) as Promise<ToldTask>;
  }

  list(state: string, queue = "default", group = ""): Promise<readonly ToldTask[]> {
    return this.inspect("list", { queue, state, group }) as Promise<readonly ToldTask[]>;
  }

  queue(queue = "default"): Promise<ToldQueue> {
    return this.inspect("queue", { queue }) as Promise<ToldQueue>;
  }

  servers(): Promise<readonly ToldServer[]> {
    return this.inspect("servers") as Promise<readonly ToldServer[]>;
  }

  schedulerEntries(): Promise<readonly ToldEntry[]> {
    return this.inspect("schedulerEntries") as Promise<readonly ToldEntry[]>;
  }

  /** What an entry has enqueued, newest first. */
  schedulerEvents(entryId: string): Promise<readonly { readonly taskId: string; readonly at: number }[]> {
    return this.inspect("schedulerEvents", { taskId: entryId }) as Promise<{ taskId: string; at: number }[]>;
  }

  /** What our check of the whole store finds wrong; only of our side. */
  check({ repair = false } = {}): Promise<readonly { readonly kind: string; readonly detail: string }[]> {
    return this.#ask("check", { repair }) as Promise<readonly { kind: string; detail: string }[]>;
  }

  /** Any other request. */
  ask(op: string, args: unknown): Promise<unknown> {
    return this.#ask(op, args);
  }

  /** As a crash would, for a process: nothing is finished, nothing is said. */
  async end(): Promise<void> {
    await this.#wire.end();
    for (const answer of this.#asked.values()) answer({ error: { kind: "ended", text: "it was ended" } });
    this.#asked.clear();
  }

  /** `SIGSTOP` freezes a process, `SIGCONT` lets it go on. */
  signal(signal: NodeJS.Signals): void {
    this.#wire.signal(signal);
  }

  #hear(said: Said): void {
    if (said.id !== undefined) {
      this.#asked.get(said.id)?.(said);
      return;
    }
    this.#events.push(said);
    for (const look of this.#listeners) look();
  }

  async #ask(op: string, args: unknown): Promise<unknown> {
    const id = ++this.#requests;
    const answer = Promise.withResolvers<Answer>();
    const timer = setTimeout(
      () =>
        answer.reject(
          new Error(`${this.name} did not answer ${op} within ${answerTimeoutMs} ms\n${this.#wire.stderr}`),
        ),
      answerTimeoutMs,
    );
    this.#asked.set(id, answer.resolve);
    this.#wire.send(id, op, args);
    try {
      const { result, error } = await answer.promise;
      if (error !== undefined) throw new PeerError(this.name, error);
      return result;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  #missing(match: EventMatch, count: number): string {
    const last = this.#events.slice(-20).map((event) => JSON.stringify(event));
    return (
      `${this.name}: expected ${count} × ${JSON.stringify(match)}, got ${this.heard(match).length}; ` +
      `the last of ${this.#events.length} events:\n${last.join("\n")}\n${this.#wire.stderr.slice(-2_000)}`
    );
  }
}

function fits(event: PeerEvent, match: EventMatch): boolean {
  return Object.entries(match).every(([name, value]) => event[name as keyof PeerEvent] === value);
}
