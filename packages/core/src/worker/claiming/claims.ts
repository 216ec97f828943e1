import type {
  AttemptServer,
  ClaimedTask,
  ClaimRequest,
  ClaimResult,
  ClosedQueue,
  WorkFacet,
} from "../../broker/work-facet.ts";
import type { Random } from "../../runtime/backoff.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Handlers } from "../handling/handler.ts";
import { UnhandledLog } from "../handling/unhandled-log.ts";
import type { LeasingCall, LostAnswers } from "../leases/lost-answers.ts";
import type { QueueOrder } from "./queue-order.ts";
import { QueueWatch } from "./queue-watch.ts";

export interface Claim {
  readonly request: ClaimRequest;
  readonly call: LeasingCall;
}

export interface ClaimsOptions {
  readonly broker: Pick<WorkFacet, "waitForWork">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  readonly handlers: Handlers;
  readonly order: QueueOrder;
  readonly queues: readonly string[];
  readonly leaseMs: number;
  readonly worker: AttemptServer;
  /** Gives claims their tokens. It hears of claims whose answer was lost. */
  readonly lostAnswers: Pick<LostAnswers, "begin">;
  /** Called when the store refuses a claim because this server was evicted. */
  readonly onEvicted: () => void;
  /** Called when the store refuses a claim because of the policy of a queue: another one than expected, or an unknown one. */
  readonly onPolicyRefusal: (queue: ClosedQueue) => void;
  /** Called when an empty queue may have work again. */
  readonly onWork: () => void;
}

/** Says which queues to ask for how many tasks, and what an answer means for the next claim. */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #watch: QueueWatch;
  readonly #unhandled: UnhandledLog;
  /**
   * Ordered queues of which this server has a task, or asks for one. They give it no other task until that one is over.
   */
  readonly #inHand = new Set<string>();
  /**
   * Queues that the store keeps in order: they were closed because somebody held a task, and gave no two at once since.
   * So a server that was not told the order deals with them as one that was.
   */
  readonly #keptInOrder = new Set<string>();
  #slotsAsked = 0;

  constructor(options: ClaimsOptions) {
    const { broker, clock, random, logger, queues, onWork } = options;
    this.#options = options;
    this.#watch = new QueueWatch({ broker, clock, random, queues, onWork });
    this.#unhandled = new UnhandledLog(logger, clock);
  }

  /** How many tasks the claims under way ask for. */
  get slotsAsked(): number {
    return this.#slotsAsked;
  }

  /** A claim of up to `free` tasks. Undefined while no queue is worth asking. */
  next(free: number): Claim | undefined {
    const { order, handlers, worker, leaseMs, lostAnswers } = this.#options;
    const queues = order.quotas(free, (queue) => this.#watch.mayHaveWork(queue) && !this.#inHand.has(queue));
    if (queues.length === 0) return undefined;
    for (const { queue, expects } of queues) {
      if (expects?.kind === "ordered" || this.#keptInOrder.has(queue)) this.#inHand.add(queue);
    }
    this.#slotsAsked += free;
    const call = lostAnswers.begin(queues.map(({ queue }) => queue));
    const { serverId } = worker;
    const request = { queues, limit: free, handles: handlers.handledTypes(), serverId, leaseMs, token: call.token };
    return { request, call };
  }

  /** Called with each answer before its tasks begin. */
  tell({ unhandled, setAside, evicted }: ClaimResult): void {
    const { taskLog, onEvicted } = this.#options;
    this.#unhandled.note(unhandled);
    for (const { queue, taskId, reason, detail } of setAside) {
      taskLog.error("a task in the queue can't be worked on", { queue, taskId, reason, detail });
    }
    if (evicted === true) onEvicted();
  }

  /**
   * Called with each answer once its tasks have begun. A queue that gave fewer tasks than there was room for is asked
   * again when it wakes. A closed queue is asked again at the moment that the store named. A store may divide the room
   * beforehand. So the room of a queue is what is left if all queues before it had used theirs.
   */
  note(request: ClaimRequest, { tasks, closed }: ClaimResult): void {
    let left = request.limit;
    for (const { queue, limit } of request.queues) {
      const room = Math.min(limit, left);
      left -= room;
      let count = 0;
      for (const task of tasks) if (task.lease.queue === queue) count++;
      const why = closed.find((one) => one.queue === queue);
      this.#watch.claimed(queue, count, count < room, why?.lookAgainAt);
      if (why?.reason === "held") this.#keptInOrder.add(queue);
      else if (count > 1) this.#keptInOrder.delete(queue);
      if (why?.policy !== undefined) this.#options.onPolicyRefusal(why);
    }
  }

  /** Called when a claim is over, with its tasks. Ordered queues that gave none may be asked again. */
  ended({ queues, limit }: ClaimRequest, tasks: readonly ClaimedTask[]): void {
    this.#slotsAsked -= limit;
    if (this.#inHand.size === 0) return;
    for (const { queue } of queues) {
      if (!tasks.some(({ lease }) => lease.queue === queue)) this.#inHand.delete(queue);
    }
  }

  /**
   * A task of the queue is over, or belongs to another server now. Nobody tells of it the servers that wait for an
   * ordered queue, so the settlement itself asks for the next task.
   */
  letGo(queue: string): void {
    if (this.#inHand.delete(queue) || this.#keptInOrder.has(queue)) this.#watch.wake(queue);
  }

  /** Marks a queue that surely has work now. */
  wake(queue: string): void {
    this.#watch.wake(queue);
  }

  /** The store is back: any queue may have work. */
  resume(): void {
    this.#watch.resume();
  }

  /** Ends all waiting for work. */
  stop(): void {
    this.#watch.stop();
  }
}
