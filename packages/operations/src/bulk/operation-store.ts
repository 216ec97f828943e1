import type { CallOptions } from "hikyaku";
import { type Broker, HikyakuError } from "hikyaku";
import { randomText } from "../access/secret-digest.ts";
import {
  hasEnded,
  operationOf,
  outcomesOf,
  requestOf,
  type SliceOutcomes,
  type StoredOperation,
  type StoredRequest,
} from "./stored-operation.ts";

/** The parts of a broker that keep operations. */
export type RecordBroker = Pick<Broker, "putRecords" | "getRecords" | "removeRecords" | "listRecords">;

/** An operation with what it needs to be written again. */
export interface KeptOperation {
  readonly id: string;
  readonly revision: number;
  readonly operation: StoredOperation;
  readonly request: StoredRequest;
}

const operations = "bulk_operations";
const requests = "bulk_requests";
/** The ids of those that have not ended: whoever looks for work reads nothing else. */
const open = "bulk_open";
const outcomesIn = (id: string): string => `bulk_outcomes:${id}`;

const mostOpen = 100;
/** So many that have ended are kept at most, and so long. */
const mostEnded = 500;
const keptMs = 7 * 86_400_000;
/** A note of an open operation without the operation is left by a process that died between the two. */
const orphanMs = 60_000;
/** A page of operations is not larger: each may be 128 KiB with its request. */
const mostOfPage = 50;
const call: CallOptions = { timeoutMs: 5_000 };

/** Operations on many tasks as records of the store, each written only by whoever knows its last revision. */
export class OperationStore {
  readonly #broker: RecordBroker;
  readonly #now: () => number;

  constructor(broker: RecordBroker, now: () => number) {
    this.#broker = broker;
    this.#now = now;
  }

  /** @throws HikyakuError `wrong_state` when too many have not ended. */
  async create(request: StoredRequest, operation: StoredOperation): Promise<KeptOperation> {
    if ((await this.openIds()).length >= mostOpen) {
      throw new HikyakuError(
        "wrong_state",
        `expected at most ${mostOpen} operations that have not ended; wait, or abort some`,
      );
    }
    // By time, so that lists are in order.
    const id = `${operation.createdAt.toString(36).padStart(9, "0")}${randomText(10).toLowerCase()}`;
    await this.#put(requests, id, request, "absent");
    await this.#put(open, id, "", "absent");
    const revision = await this.#put(operations, id, operation, "absent");
    if (revision === undefined)
      throw new HikyakuError("wrong_state", "expected room for another operation; try again later");
    return { id, revision, operation, request };
  }

  /** Undefined where there is none. */
  async get(id: string): Promise<KeptOperation | undefined> {
    const [kept] = await this.getMany([id]);
    return kept;
  }

  async getMany(ids: readonly string[]): Promise<readonly (KeptOperation | undefined)[]> {
    if (ids.length === 0) return [];
    const [records, asked] = await Promise.all([
      this.#broker.getRecords(operations, ids, call),
      this.#broker.getRecords(requests, ids, call),
    ]);
    return ids.map((id, index) => {
      const record = records[index];
      const operation = record && operationOf(record.value);
      const request = asked[index] && requestOf(asked[index].value);
      if (record === undefined || operation === undefined || request === undefined) return undefined;
      return { id, revision: record.revision, operation, request };
    });
  }

  /** The newest first. */
  async list(limit: number, cursor: string | undefined) {
    const query = { collection: operations, limit: Math.min(limit, mostOfPage), order: "descending" } as const;
    const page = await this.#broker.listRecords({ ...query, ...(cursor !== undefined && { cursor }) }, call);
    const found = await this.getMany(page.records.map(({ id }) => id));
    return { operations: found.filter((kept) => kept !== undefined), next: page.nextCursor };
  }

  /** Those that have not ended, the oldest first. */
  async openIds(): Promise<readonly string[]> {
    const query = { collection: open, limit: mostOpen, order: "ascending" } as const;
    return (await this.#broker.listRecords(query, call)).records.map(({ id }) => id);
  }

  /** Undefined: somebody else has written it since. */
  async write(kept: KeptOperation, operation: StoredOperation): Promise<KeptOperation | undefined> {
    const end = hasEnded(operation) ? this.#now() + keptMs : undefined;
    const revision = await this.#put(operations, kept.id, operation, kept.revision, end);
    return revision === undefined ? undefined : { ...kept, revision, operation };
  }

  /** What is left to do for one that has ended. Harmless when it is repeated. */
  async tidyUp({ id, request }: KeptOperation): Promise<void> {
    await this.#put(requests, id, request, "any", this.#now() + keptMs);
    await this.#removeOldest();
    await this.#broker.removeRecords(open, [{ id, expected: "any" }], call);
  }

  /** For an open one that is not there. */
  async forgetOrphan(id: string): Promise<void> {
    const [note] = await this.#broker.getRecords(open, [id], call);
    if (note === undefined || this.#now() - note.writtenAt < orphanMs) return;
    await this.#remove(id);
  }

  /**
   * Keeps the outcomes of a slice. Whoever repeats a slice changes nothing of what is kept.
   * @returns what is kept of it.
   */
  async keepOutcomes(id: string, slice: number, outcomes: SliceOutcomes): Promise<SliceOutcomes> {
    const written = await this.#put(outcomesIn(id), nameOf(slice), outcomes, "absent", this.#now() + 2 * keptMs);
    return written === undefined ? ((await this.keptOutcomes(id, slice)) ?? outcomes) : outcomes;
  }

  /** The outcomes of a slice. Undefined where none are kept. */
  async keptOutcomes(id: string, slice: number): Promise<SliceOutcomes | undefined> {
    const [record] = await this.#broker.getRecords(outcomesIn(id), [nameOf(slice)], call);
    return record && outcomesOf(record.value);
  }

  /** Outcomes from a place on. */
  async outcomes(id: string, limit: number, from: OutcomePlace) {
    const found: TaskOutcome[] = [];
    let { slice, index } = from;
    for (;;) {
      const query = { collection: outcomesIn(id), limit: slicesAtOnce, order: "ascending" } as const;
      const cursor = slice > 0 ? { cursor: nameOf(slice - 1) } : {};
      const page = await this.#broker.listRecords({ ...query, ...cursor }, call);
      for (const record of page.records) {
        const number = Number(record.id);
        const skipped = number === slice ? index : 0;
        const { queue = "", tasks = [] } = outcomesOf(record.value) ?? {};
        const some = tasks.slice(skipped).map(([task, outcome, state]) => ({ queue, id: task, outcome, state }));
        const room = limit - found.length;
        found.push(...some.slice(0, room));
        if (some.length > room) return { outcomes: found, next: { slice: number, index: skipped + room } };
        [slice, index] = [number + 1, 0];
      }
      if (page.nextCursor === undefined) return { outcomes: found, next: undefined };
      slice = Math.max(slice, Number(page.nextCursor) + 1);
    }
  }

  async #removeOldest(): Promise<void> {
    const query = { collection: operations, limit: 1_000, order: "ascending" } as const;
    const { records } = await this.#broker.listRecords(query, call);
    for (const { id, value } of records.slice(0, Math.max(0, records.length - mostEnded))) {
      const operation = operationOf(value);
      if (operation === undefined || hasEnded(operation)) await this.#remove(id);
    }
  }

  async #remove(id: string): Promise<void> {
    for (let page: readonly string[] = [id]; page.length > 0; ) {
      const query = { collection: outcomesIn(id), limit: slicesAtOnce, order: "ascending" } as const;
      page = (await this.#broker.listRecords(query, call)).records.map((record) => record.id);
      const removals = page.map((record) => ({ id: record, expected: "any" }) as const);
      if (removals.length > 0) await this.#broker.removeRecords(outcomesIn(id), removals, call);
    }
    for (const collection of [operations, requests, open]) {
      await this.#broker.removeRecords(collection, [{ id, expected: "any" }], call);
    }
  }

  /** The revision. Undefined when it was not written. */
  async #put(
    collection: string,
    id: string,
    value: unknown,
    expected: "absent" | "any" | number,
    endsAt?: number,
  ): Promise<number | undefined> {
    const put = { id, value: JSON.stringify(value), expected, ...(endsAt !== undefined && { endsAt }) };
    const [outcome] = await this.#broker.putRecords(collection, [put], call);
    return outcome?.kind === "written" ? outcome.revision : undefined;
  }
}

type TaskOutcome = { readonly queue: string; readonly id: string } & OutcomeOf<SliceOutcomes["tasks"][number]>;
type OutcomeOf<Task extends readonly unknown[]> = { readonly outcome: Task[1]; readonly state: Task[2] };

/** Where a page of outcomes ended. */
export interface OutcomePlace {
  readonly slice: number;
  readonly index: number;
}

const slicesAtOnce = 20;

function nameOf(slice: number): string {
  return String(slice).padStart(9, "0");
}
