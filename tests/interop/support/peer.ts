import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { PeerEvent, PeerFailure, ServerSpec, TaskSpec, ToldQueue, ToldServer, ToldTask } from "./peer-protocol.ts";

const answerTimeoutMs = 30_000;
const eventTimeoutMs = 30_000;

/** What a peer refused to do; `kind` is the same word on both sides. */
export class PeerError extends Error {
  override readonly name = "PeerError";
  readonly kind: string;

  constructor(peer: string, { kind, text }: PeerFailure) {
    super(`${peer}: ${text}`);
    this.kind = kind;
  }
}

export type EventMatch = Partial<Omit<PeerEvent, "event">> & { readonly event: string };

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
};

/** One side of a test, Go or ours, as a process of its own. Both speak the same protocol. */
export class Peer {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #events: PeerEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #asked = new Map<number, (answer: { result?: unknown; error?: PeerFailure }) => void>();
  #requests = 0;
  #stderr = "";

  constructor(name: string, command: string, args: readonly string[]) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, NODE_OPTIONS: "" } });
    this.#exited = once(this.#child, "close");
    this.#child.stdin?.on("error", () => undefined);
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on("line", (line) => this.#hear(line));
    void this.#exited.then(() => {
      for (const answer of this.#asked.values()) answer({ error: { kind: "ended", text: "the process has ended" } });
      this.#asked.clear();
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What it wrote to stderr so far. */
  get stderr(): string {
    return this.#stderr;
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

  /** Any other request. */
  ask(op: string, args: unknown): Promise<unknown> {
    return this.#ask(op, args);
  }

  /** As a crash would: nothing is finished, nothing is said. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** Freezes the process, until `resume`. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  #hear(line: string): void {
    const said = JSON.parse(line) as PeerEvent & { id?: number; result?: unknown; error?: PeerFailure };
    if (said.id !== undefined) {
      this.#asked.get(said.id)?.(said);
      return;
    }
    this.#events.push(said);
    for (const look of this.#listeners) look();
  }

  async #ask(op: string, args: unknown): Promise<unknown> {
    const id = ++this.#requests;
    const answer = Promise.withResolvers<{ result?: unknown; error?: PeerFailure }>();
    const timer = setTimeout(
      () => answer.reject(new Error(`${this.name} did not answer ${op} within ${answerTimeoutMs} ms\n${this.#stderr}`)),
      answerTimeoutMs,
    );
    this.#asked.set(id, answer.resolve);
    this.#child.stdin?.write(`${JSON.stringify({ id, op, args })}\n`);
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
      `the last of ${this.#events.length} events:\n${last.join("\n")}\n${this.#stderr.slice(-2_000)}`
    );
  }
}

function fits(event: PeerEvent, match: EventMatch): boolean {
  return Object.entries(match).every(([name, value]) => event[name as keyof PeerEvent] === value);
}
