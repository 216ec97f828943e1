import { setImmediate as nextTurn } from "node:timers/promises";
import type { Broker } from "../broker/broker.ts";
import { handlesType } from "../broker/handled-types.ts";
import type { HeardSignal } from "../broker/signal-facet.ts";
import type { ClaimedTask, ClaimRequest, ClaimResult, HandledTypes } from "../broker/work-facet.ts";
import { HikyakuError } from "../errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { TaskLog } from "./task-log.ts";

/** A task that a server has claimed and not settled yet. */
export interface RunningTask {
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  readonly token: string;
  /** The end of its attempt. */
  readonly deadlineAt: number;
}

const nothingClaimed: ClaimResult = { tasks: [], unhandled: [], setAside: [], closed: [] };
/** Two turns pass between a handler's end and its settlement, and one between a commit and the waits that it wakes. */
const quietTurns = 5;
const listPage = 100;

/**
 * A store whose tasks run only when a test lets them. To a server, a task at the gate is one that is not due yet.
 * Claims don't see it, and letting it in looks as if it had just become due. Everything else goes straight through to
 * the real store, and is noticed on the way.
 */
export class Gate {
  /** The clients and servers of the test use this broker. */
  readonly broker: Broker;
  readonly #store: Broker;
  readonly #clock: Clock;
  readonly #log: TaskLog;
  readonly #running = new Map<string, RunningTask>();
  readonly #listeners = new Set<(signal: HeardSignal) => void>();
  readonly #letIn = new Map<string, number>();
  readonly #closing = new AbortController();
  #handles: HandledTypes | undefined;
  #callsUnderWay = 0;
  #openings = 0;
  #budget = 0;
  /** How many tasks came in so far. */
  admitted = 0;
  #activity = Promise.withResolvers<void>();

  constructor(store: Broker, clock: Clock, log: TaskLog) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.broker = this.#wrapped();
  }

  get running(): readonly RunningTask[] {
    return [...this.#running.values()];
  }

  /** How many tasks may still come in. */
  get budget(): number {
    return this.#budget;
  }

  /** Lets this many tasks in, until the returned function is called. Several openings add up. */
  open(budget: number): () => void {
    this.#openings++;
    this.#budget += budget;
    return () => {
      this.#openings--;
      if (this.#openings === 0) this.#budget = 0;
    };
  }

  /** Lets this many tasks in from now on, however many came in before. */
  refill(budget: number): void {
    this.#budget = Math.max(this.#budget, budget);
  }

  /** Whether the queue has a waiting task that a server of this test is known to run. */
  async hasWork(queue: string): Promise<boolean> {
    const numbers = await this.#store.queue(queue);
    if (numbers === undefined || numbers.paused || numbers.counts.pending === 0) return false;
    return (await this.waiting(queue)) !== undefined;
  }

  /** The type of the first waiting task that a server of this test is known to run. */
  async waiting(queue: string): Promise<string | undefined> {
    for (let cursor: string | undefined; ; ) {
      const query = { queue, state: "pending" as const, limit: listPage, ...(cursor !== undefined && { cursor }) };
      const page = await this.#store.list(query);
      for (const task of page.tasks) {
        if (task.unreadable !== undefined) return "unreadable";
        if (this.#isHandled(task.message.type)) return task.message.type;
      }
      cursor = page.nextCursor;
      if (cursor === undefined) return undefined;
    }
  }

  /** Tells the servers to look for the tasks that wait in this queue. */
  wake(queue: string): void {
    this.#letIn.set(queue, 1);
    for (const listener of this.#listeners) listener({ kind: "due_sooner", queue, at: this.#clock.now() });
  }

  /** Resolves when nothing goes on except handlers that wait for something outside the queue. */
  async quiet(): Promise<void> {
    for (let still = 0; still < quietTurns; ) {
      await nextTurn();
      still = this.#callsUnderWay === 0 ? still + 1 : 0;
    }
  }

  /** Resolves at the next call to the store. */
  activity(): Promise<void> {
    return this.#activity.promise;
  }

  /** Ends all waits for work. */
  close(): void {
    this.#closing.abort();
  }

  #isHandled(type: string): boolean {
    const handles = this.#handles;
    return handles === undefined || handlesType(handles, type);
  }

  /** A proxy, so that everything in the port is here too. */
  #wrapped(): Broker {
    const own: Partial<Broker> = {
      enqueue: this.#enqueue,
      finish: this.#finish,
      fireTurn: this.#fireTurn,
      claim: this.#claim,
      settle: this.#settle,
      extend: this.#extend,
      takeOver: this.#takeOver,
      forwardDue: this.#forwardDue,
      listen: this.#listen,
    };
    return new Proxy(this.#store, {
      get: (store, name) => {
        if (name === "waitForWork") return this.#waitForWork;
        const method: unknown = Reflect.get(own, name) ?? Reflect.get(store, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => this.#noticed(method.apply(store, args));
      },
    });
  }

  #noticed(answer: unknown): unknown {
    if (!(answer instanceof Promise)) return answer;
    this.#callsUnderWay++;
    this.#activity.resolve();
    this.#activity = Promise.withResolvers();
    return answer.finally(() => this.#callsUnderWay--);
  }

  readonly #enqueue: Broker["enqueue"] = async (items, call) => {
    const outcomes = await this.#store.enqueue(items, call);
    for (const [index, item] of items.entries()) {
      const outcome = outcomes[index];
      if (outcome?.kind === "accepted") this.#log.accepted(item, outcome.state, this.#clock.now());
    }
    return outcomes;
  };

  readonly #finish: Broker["finish"] = async (set, item, call) => {
    const answer = await this.#store.finish(set, item, call);
    if (item !== undefined && answer.kind === "finished" && answer.state !== undefined) {
      this.#log.accepted(item, answer.state, this.#clock.now());
    }
    return answer;
  };

  readonly #fireTurn: Broker["fireTurn"] = async (turn, call) => {
    const answer = await this.#store.fireTurn(turn, call);
    if (answer.kind === "fired" && answer.outcome.kind === "accepted") {
      this.#log.accepted(turn.item, answer.outcome.state, this.#clock.now());
    }
    return answer;
  };

  readonly #claim: Broker["claim"] = async (request, call) => {
    const admitted = this.#admitted(request);
    if (admitted === undefined) return nothingClaimed;
    return this.#taken(admitted, await this.#store.claim(admitted, call));
  };

  readonly #settle: Broker["settle"] = async (settlements, thenClaim, call) => {
    const admitted = thenClaim === undefined ? undefined : this.#admitted(thenClaim);
    const { results, claimed } = await this.#store.settle(settlements, admitted, call);
    for (const [index, settlement] of settlements.entries()) {
      this.#ended(settlement.task);
      if (results[index] === "settled") this.#log.settled(settlement);
    }
    if (admitted !== undefined && claimed !== undefined) return { results, claimed: this.#taken(admitted, claimed) };
    return { results, claimed: thenClaim === undefined ? undefined : nothingClaimed };
  };

  readonly #extend: Broker["extend"] = async (leases, until, call) => {
    const answers = await this.#store.extend(leases, until, call);
    for (const [index, { queue, taskId, token }] of leases.entries()) {
      if (answers[index] === "lost") this.#forget(queue, taskId, token);
    }
    return answers;
  };

  readonly #takeOver: Broker["takeOver"] = async (request, call) => {
    const answer = await this.#store.takeOver(request, call);
    for (const { task } of answer.tasks) this.#began(task);
    return answer;
  };

  readonly #forwardDue: Broker["forwardDue"] = async (request, call) => {
    const { queue } = request;
    const answer = await this.#store.forwardDue(request, call);
    const letIn = this.#letIn.get(queue) ?? 0;
    this.#letIn.delete(queue);
    return { ...answer, moved: answer.moved + letIn };
  };

  readonly #listen: Broker["listen"] = (handler) => {
    const own = (signal: HeardSignal): void => handler(signal);
    this.#listeners.add(own);
    const unlisten = this.#store.listen(handler);
    return () => {
      this.#listeners.delete(own);
      unlisten();
    };
  };

  /** A task alone wakes nobody. `wake` does, when the test wants it. */
  readonly #waitForWork: Broker["waitForWork"] = (_queues, { signal }) =>
    new Promise((_, reject) => {
      const ends = AbortSignal.any(signal === undefined ? [this.#closing.signal] : [signal, this.#closing.signal]);
      const end = (): void => reject(new HikyakuError("cancelled", "waiting for work was given up by the caller"));
      if (ends.aborted) end();
      else ends.addEventListener("abort", end, { once: true });
    });

  /** The part of the claim that may pass. The tasks that it may take are reserved for it meanwhile. */
  #admitted(request: ClaimRequest): ClaimRequest | undefined {
    this.#handles = request.handles;
    const limit = Math.min(request.limit, this.#budget);
    if (limit === 0) return undefined;
    this.#budget -= limit;
    const queues = request.queues.map((quota) => ({ ...quota, limit: Math.min(quota.limit, limit) }));
    return { ...request, queues, limit };
  }

  #taken(admitted: ClaimRequest, result: ClaimResult): ClaimResult {
    if (this.#openings > 0) this.#budget += admitted.limit - result.tasks.length;
    this.admitted += result.tasks.length;
    for (const task of result.tasks) this.#began(task);
    return result;
  }

  #began({ message, lease }: ClaimedTask): void {
    const { id, type, queue, timeoutMs, deadlineAt } = message;
    const ownEnd = timeoutMs > 0 ? this.#clock.now() + timeoutMs : Number.POSITIVE_INFINITY;
    const end = Math.min(ownEnd, deadlineAt ?? Number.POSITIVE_INFINITY);
    this.#running.set(`${queue}/${id}`, { id, type, queue, token: lease.token, deadlineAt: end });
  }

  #ended({ lease }: ClaimedTask): void {
    this.#forget(lease.queue, lease.taskId, lease.token);
  }

  #forget(queue: string, taskId: string, token: string): void {
    const key = `${queue}/${taskId}`;
    if (this.#running.get(key)?.token === token) this.#running.delete(key);
  }
}
