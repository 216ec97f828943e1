import type { BulkAction } from "@hikyaku/contract";
import { type Broker, type Inspector, isHikyakuError, type TaskState } from "hikyaku";
import { conditionsOf } from "../task-search.ts";
import { filterOf, type Place, type Slice, type StoredRequest, type TaskConditionsGiven } from "./stored-operation.ts";

/** What a walk needs of a store. */
export type WalkedBroker = Pick<Broker, "queues" | "queue" | "groups">;

/** What one step of a walk came to. */
export interface Step {
  readonly slice: Omit<Slice, "number"> | undefined;
  /** Undefined at the end. */
  readonly place: Place | undefined;
  readonly scanned: number;
}

/** The states that an action takes tasks from, in the order of the walk; the first ones unless a filter names others. */
const statesOf: Readonly<
  Record<BulkAction, { readonly own: readonly TaskState[]; readonly more: readonly TaskState[] }>
> = {
  run: { own: ["retry", "scheduled", "aggregating", "archived"], more: ["completed"] },
  archive: { own: ["pending", "retry", "scheduled", "aggregating"], more: ["completed"] },
  delete: { own: ["pending", "retry", "scheduled", "aggregating", "archived", "completed"], more: [] },
  cancel: { own: ["active", "pending", "retry", "scheduled", "aggregating"], more: [] },
};

const mostOfSlice = 200;
/** Of a slice with long ids. */
const fewOfSlice = 20;
/** A slice, twice, must fit into a record. */
const mostBytes = 24_000;
/** So many lists are asked for in one step. */
const mostLooks = 50;
const within = "8s";

/** The states that a filter means. Undefined where it names one from which the action takes nothing. */
export function walkedStates(action: BulkAction, filter: TaskConditionsGiven): readonly TaskState[] | undefined {
  const { own, more } = statesOf[action];
  const { state, from, before } = filter;
  if (state !== undefined) {
    const all = [...own, ...more];
    return state.every((one) => all.includes(one)) ? all.filter((one) => state.includes(one)) : undefined;
  }
  const isByTime = from !== undefined || before !== undefined;
  return own.filter((one) => !(isByTime && (one === "active" || one === "aggregating")));
}

/** The next tasks of an operation, from a place on. */
export function nextStep(
  broker: WalkedBroker,
  inspector: Inspector,
  action: BulkAction,
  request: StoredRequest,
  place: Place | null,
): Promise<Step> {
  const filter = filterOf(request);
  if (filter === undefined) return Promise.resolve(namedStep(request.tasks ?? [], place));
  return new TaskWalk(broker, inspector, filter, walkedStates(action, filter) ?? []).step(place);
}

/** Slices of named tasks, queue by queue. */
function namedStep(tasks: readonly (readonly [queue: string, id: string])[], place: Place | null): Step {
  const slices: Omit<Slice, "number">[] = [];
  const byQueue = Map.groupBy(tasks, ([queue]) => queue);
  for (const [queue, some] of byQueue) {
    let ids: string[] = [];
    let bytes = 0;
    for (const [, id] of some) {
      const size = Buffer.byteLength(JSON.stringify(id)) + 1;
      if (ids.length > 0 && (ids.length >= mostOfSlice || bytes + size > mostBytes)) {
        slices.push({ queue, state: null, ids });
        [ids, bytes] = [[], 0];
      }
      ids.push(id);
      bytes += size;
    }
    slices.push({ queue, state: null, ids });
  }
  const index = place?.index ?? 0;
  const slice = slices[index];
  const isLast = index + 1 >= slices.length;
  const next = { index: index + 1, queue: "", state: "", group: "", cursor: null, left: 0 };
  return { slice, place: isLast ? undefined : next, scanned: slice?.ids.length ?? 0 };
}

interface List {
  readonly queue: string;
  readonly state: TaskState;
  readonly group: string;
  /** How many tasks it holds. */
  readonly size: number;
}

/**
 * A walk over the lists that a filter means: queue by queue, within a queue state by state. Of each list it looks at no
 * more tasks than there were when it came to the list, so that it ends even while tasks keep coming.
 */
class TaskWalk {
  readonly #broker: WalkedBroker;
  readonly #inspector: Inspector;
  readonly #filter: TaskConditionsGiven;
  readonly #states: readonly TaskState[];

  constructor(broker: WalkedBroker, inspector: Inspector, filter: TaskConditionsGiven, states: readonly TaskState[]) {
    this.#broker = broker;
    this.#inspector = inspector;
    this.#filter = filter;
    this.#states = states;
  }

  async step(from: Place | null): Promise<Step> {
    if (from?.cursor != null) return this.#read(from, from.cursor);
    const asked = this.#filter.queue;
    const queues = asked === undefined ? await this.#broker.queues() : [...new Set(asked)].sort();
    let place = from;
    let looks = 0;
    for (const queue of queues) {
      if (place !== null && queue < place.queue) continue;
      for (const list of await this.#listsOf(queue)) {
        if (place !== null && place.queue === queue && !this.#isBehind(list, place)) continue;
        return this.#read({ ...list, cursor: null, left: list.size }, undefined);
      }
      place = { queue, state: this.#states.at(-1) ?? "", group: "\uffff", cursor: null, left: 0 };
      if (++looks >= mostLooks) return { slice: undefined, place, scanned: 0 };
    }
    return { slice: undefined, place: undefined, scanned: 0 };
  }

  #isBehind({ state, group }: List, place: Place): boolean {
    const order = (one: string): number => this.#states.indexOf(one as TaskState);
    const [here, there] = [order(state), order(place.state)];
    return here > there || (here === there && group > place.group);
  }

  /** Those that hold tasks, in the order of the walk. */
  async #listsOf(queue: string): Promise<readonly List[]> {
    const numbers = await this.#broker.queue(queue);
    const lists: List[] = [];
    for (const state of this.#states) {
      if (state !== "aggregating") {
        const size = numbers?.counts[state] ?? 0;
        if (size > 0) lists.push({ queue, state, group: "", size });
        continue;
      }
      const groups = await this.#broker.groups(queue);
      const wanted = this.#filter.group;
      const some = groups.filter(({ group }) => wanted === undefined || group === wanted);
      lists.push(...some.map(({ group, size }) => ({ queue, state, group, size })).sort(byGroup));
    }
    return lists;
  }

  async #read(place: Place, cursor: string | undefined): Promise<Step> {
    const { queue, state, group, left } = place;
    const read = (limit: number) =>
      this.#inspector.tasks(
        {
          ...conditionsOf(this.#filter),
          queue,
          // It comes from the states of the walk.
          state: state as TaskState,
          limit: Math.min(limit, left),
          ...(group !== "" && { group }),
          ...(cursor !== undefined && { cursor }),
        },
        { within },
      );
    try {
      let page = await read(mostOfSlice);
      const sizeOf = (): number => Buffer.byteLength(JSON.stringify(page.tasks.map(({ id }) => id)));
      if (sizeOf() > mostBytes) page = await read(fewOfSlice);
      const rest = Math.max(0, left - page.scanned);
      const goesOn = page.nextCursor !== undefined && rest > 0 ? page.nextCursor : null;
      const ids = page.tasks.map(({ id }) => id);
      return {
        slice: ids.length === 0 ? undefined : { queue, state, ids },
        place: { queue, state, group, cursor: goesOn, left: rest },
        scanned: page.scanned,
      };
    } catch (error) {
      if (!isHikyakuError(error, "queue_not_found")) throw error;
      // Removed meanwhile, with all its tasks.
      return { slice: undefined, place: { ...place, cursor: null }, scanned: 0 };
    }
  }
}

function byGroup(one: List, other: List): number {
  return one.group < other.group ? -1 : 1;
}
