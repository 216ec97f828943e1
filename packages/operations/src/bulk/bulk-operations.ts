import type { BulkAction } from "@hikyaku/contract";
import { type Clock, HikyakuError, type Inspector, type Logger } from "hikyaku";
import { placesOf } from "../task-search.ts";
import { OperationRunner } from "./operation-runner.ts";
import { type KeptOperation, OperationStore, type OutcomePlace } from "./operation-store.ts";
import type { BulkBroker } from "./operation-turn.ts";
import { filterOf, hasEnded, type StoredOperation, type StoredRequest } from "./stored-operation.ts";
import { walkedStates } from "./task-walk.ts";

export interface BulkParts {
  readonly broker: BulkBroker;
  readonly inspector: Inspector;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface NewOperation {
  readonly action: BulkAction;
  readonly request: StoredRequest;
  readonly reason: string | undefined;
  /** Who asks for it. */
  readonly who: string;
}

/** So long a deletion can be undone. */
const undoMs = 60_000;
/** In more queues nobody counts beforehand. */
const mostCounted = 100;
const abortTries = 20;

/** Changes of many tasks that go on by themselves, in this process or in another one. */
export class BulkOperations {
  readonly #parts: BulkParts;
  readonly #store: OperationStore;
  readonly #runner: OperationRunner;

  constructor(parts: BulkParts) {
    this.#parts = parts;
    this.#store = new OperationStore(parts.broker, () => parts.clock.now());
    this.#runner = new OperationRunner({ ...parts, store: this.#store });
  }

  /** @throws HikyakuError `wrong_state` when too many have not ended. */
  async begin({ action, request, reason, who }: NewOperation): Promise<KeptOperation> {
    const toLookAt = await this.#tasksOf(action, request);
    const createdAt = this.#parts.clock.now();
    const kept = await this.#store.create(request, {
      action,
      state: "waits",
      reason: reason ?? null,
      who,
      createdAt,
      startsAt: action === "delete" ? createdAt + undoMs : createdAt,
      startedAt: null,
      endedAt: null,
      toLookAt,
      lookedAt: 0,
      counts: { done: 0, perhaps_done: 0, wrong_state: 0, not_found: 0, failed: 0 },
      kept: { done: 0, others: 0 },
      problem: null,
      lease: null,
      slices: 0,
      current: null,
      begun: false,
      ahead: null,
      place: null,
      walked: false,
    });
    this.#runner.wake();
    return kept;
  }

  get(id: string): Promise<KeptOperation | undefined> {
    return this.#store.get(id);
  }

  list(limit: number, cursor: string | undefined) {
    return this.#store.list(limit, cursor);
  }

  outcomes(id: string, limit: number, from: OutcomePlace) {
    return this.#store.outcomes(id, limit, from);
  }

  /**
   * Ends it at once while nobody works on it, otherwise after the slice that is under way. Undefined where there is none.
   * @throws HikyakuError `wrong_state` when it has ended.
   */
  async abort(id: string): Promise<KeptOperation | undefined> {
    for (let tries = 0; tries < abortTries; tries++) {
      const kept = await this.#store.get(id);
      if (kept === undefined) return undefined;
      const { operation } = kept;
      if (hasEnded(operation)) {
        throw new HikyakuError("wrong_state", `operation ${id} has ended already: it is ${operation.state}`);
      }
      const written = await this.#store.write(kept, { ...operation, ...this.#abortOf(operation) });
      if (written === undefined) continue;
      if (hasEnded(written.operation)) await this.#store.tidyUp(written);
      else this.#runner.wake();
      return written;
    }
    throw new HikyakuError("wrong_state", `operation ${id} changed at each try; try again in a moment`);
  }

  /** Ends after the slice that is under way. */
  close(): Promise<void> {
    return this.#runner.close();
  }

  #abortOf({ state, begun }: StoredOperation): Partial<StoredOperation> {
    // Whoever takes a slice that was begun still has to say what became of it.
    if (state === "running" && begun) return { state: "aborting" };
    return { state: "aborted", endedAt: this.#parts.clock.now(), current: null, ahead: null, place: null, lease: null };
  }

  /** How many there are to look at. Null where there are too many queues. */
  async #tasksOf(action: BulkAction, request: StoredRequest): Promise<number | null> {
    const filter = filterOf(request);
    if (filter === undefined) return request.tasks?.length ?? 0;
    const { queues = await this.#parts.broker.queues() } = placesOf(filter);
    if (queues.length > mostCounted) return null;
    const states = walkedStates(action, filter) ?? [];
    const numbers = await Promise.all(queues.map((queue) => this.#parts.broker.queue(queue)));
    const counts = numbers.flatMap((one) => states.map((state) => one?.counts[state] ?? 0));
    return counts.reduce((sum, count) => sum + count, 0);
  }
}
