import { onTestFinished } from "vitest";
import { ProcessWire } from "./wire.ts";

const startTimeoutMs = 10_000;
const answerTimeoutMs = 10_000;

/** Numbers of a queue, as asynqmon shows them beside every list. */
export interface ShownQueue extends Readonly<Record<string, unknown>> {
  readonly queue: string;
}

/** A task of a list, or by itself. */
export interface ShownTask extends Readonly<Record<string, unknown>> {
  readonly id: string;
}

export interface ShownList {
  readonly tasks: readonly ShownTask[];
  readonly stats: ShownQueue;
}

/** Go's web tool on the Redis of one test, asked over HTTP as its pages do. It ends with the test. */
export class Asynqmon {
  readonly #wire: ProcessWire;
  readonly #address: Promise<string>;

  private constructor(program: string, redisAddress: string) {
    const ready = Promise.withResolvers<string>();
    this.#address = ready.promise;
    this.#wire = new ProcessWire(program, [redisAddress], (said) =>
      ready.resolve((said as { address: string }).address),
    );
    const timer = setTimeout(() => {
      ready.reject(new Error(`asynqmon did not listen within ${startTimeoutMs} ms\n${this.#wire.stderr}`));
    }, startTimeoutMs);
    onTestFinished(() => {
      clearTimeout(timer);
      return this.#wire.end();
    });
  }

  static async start(program: string, redisAddress: string): Promise<Asynqmon> {
    const tool = new Asynqmon(program, redisAddress);
    await tool.#address;
    return tool;
  }

  /** What it has logged, panics of its handlers among that. */
  get logged(): string {
    return this.#wire.stderr;
  }

  /** What it answers at `/api/<path>`. Fails at any status but 200. */
  async get<T>(path: string): Promise<T> {
    return (await this.#ask("GET", `/api/${path}`, 200)).json() as Promise<T>;
  }

  /** Its first page. */
  async page(): Promise<string> {
    return (await this.#ask("GET", "/", 200)).text();
  }

  /** The list of a state, by the last part of its address, as in `pending_tasks`. */
  list(state: string, queue = "default"): Promise<ShownList> {
    return this.get(`queues/${queue}/${addressOf(state)}?size=100`);
  }

  task(taskId: string, queue = "default"): Promise<ShownTask> {
    return this.get(`queues/${queue}/tasks/${taskId}`);
  }

  async pause(queue = "default"): Promise<void> {
    await this.#ask("POST", `/api/queues/${queue}:pause`, 204);
  }

  async resume(queue = "default"): Promise<void> {
    await this.#ask("POST", `/api/queues/${queue}:resume`, 204);
  }

  /** Does what the button of a task in a list of that state does. */
  async act(verb: "run" | "archive" | "delete" | "cancel", state: string, taskId: string): Promise<void> {
    const path = `/api/queues/default/${addressOf(state)}/${taskId}`;
    await (verb === "delete" ? this.#ask("DELETE", path, 204) : this.#ask("POST", `${path}:${verb}`, 204));
  }

  /** Does it with several tasks at once. */
  async actOnMany(verb: "run" | "archive" | "delete", state: string, taskIds: readonly string[]): Promise<unknown> {
    const path = `/api/queues/default/${addressOf(state)}:batch_${verb}`;
    return (await this.#ask("POST", path, 200, JSON.stringify({ task_ids: taskIds }))).json();
  }

  async #ask(method: string, path: string, expected: number, body?: string): Promise<Response> {
    const response = await fetch(`http://${await this.#address}${path}`, {
      method,
      signal: AbortSignal.timeout(answerTimeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    if (response.status === expected) return response;
    const text = await response.text();
    throw new Error(
      `expected ${expected} from asynqmon at ${method} ${path}, got ${response.status}: ${text}\n${this.logged}`,
    );
  }
}

/** Tests that have aggregating tasks have them in the group `letters`. */
function addressOf(state: string): string {
  return state === "aggregating" ? "groups/letters/aggregating_tasks" : `${state}_tasks`;
}
