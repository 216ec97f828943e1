import { type BulkOperationView, momentText } from "@hikyaku/contract";
import { MASKED, type Mask, touches } from "./mask.ts";
import { presentMoment } from "./moment.ts";

/** What is shown of an operation on many tasks, with moments in milliseconds. */
interface ShownOperation {
  readonly id: string;
  readonly operation: Pick<BulkOperationView, "action" | "state" | "reason" | "who" | "counts" | "problem"> & {
    readonly createdAt: number;
    readonly startsAt: number;
    readonly startedAt: number | null;
    readonly endedAt: number | null;
    readonly toLookAt: number | null;
    readonly lookedAt: number;
    readonly kept: { readonly done: number; readonly others: number };
  };
  readonly request: {
    readonly tasks?: readonly unknown[] | undefined;
    readonly filter?: Readonly<Record<string, unknown>> | undefined;
  };
}

export function presentBulkOperation({ id, operation, request }: ShownOperation, mask: Mask): BulkOperationView {
  const { counts, kept } = operation;
  const told = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    id,
    action: operation.action,
    state: operation.state,
    filter: request.filter === undefined ? null : shownFilter(request.filter, mask),
    tasks_named: request.tasks?.length ?? null,
    reason: operation.reason,
    who: operation.who,
    created_at: momentText(operation.createdAt),
    starts_at: momentText(operation.startsAt),
    started_at: presentMoment(operation.startedAt),
    ended_at: presentMoment(operation.endedAt),
    progress: { looked_at: operation.lookedAt, to_look_at: operation.toLookAt },
    counts,
    outcomes_not_kept: told - kept.done - kept.others,
    problem: operation.problem,
  };
}

/** What was searched for in payloads tells of them. */
function shownFilter(filter: Readonly<Record<string, unknown>>, mask: Mask): Record<string, unknown> {
  if (!touches(mask, "payloads")) return { ...filter };
  const isHidden = (name: string): boolean => name.startsWith("payload");
  return Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, isHidden(name) ? MASKED : value]));
}
