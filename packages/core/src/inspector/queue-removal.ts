import type { ChangeFacet } from "../broker/change-facet.ts";
import { HikyakuError } from "../errors.ts";
import { checkedFlag } from "../option-names.ts";
import { checkedFunction } from "../option-values.ts";
import type { Clock } from "../runtime/clock.ts";
import { callGuarded, logOf } from "../runtime/guarded-call.ts";
import { CallBudget, type InspectorCallOptions } from "./call-budget.ts";
import { queueNotFound } from "./refusals.ts";

export interface RemoveQueueOptions extends InspectorCallOptions {
  /** Removes the tasks too. Without it, only an empty queue is removed. */
  readonly force?: boolean;
  /** Stops after the slice that is under way. The queue is then half removed, and another call goes on. */
  readonly signal?: AbortSignal;
  /** Called after each slice. Nobody waits for it. What it throws or rejects with is written to standard error. */
  readonly onProgress?: (progress: { readonly tasks: number }) => unknown;
}

const optionNames: ReadonlySet<string> = new Set<keyof RemoveQueueOptions>(["force", "signal", "within", "onProgress"]);

/** Removes a queue slice by slice. Returns how many tasks were removed. */
export async function removeQueue(
  broker: Pick<ChangeFacet, "removeQueue">,
  clock: Clock,
  queue: string,
  slice: number,
  options: RemoveQueueOptions,
): Promise<{ readonly tasks: number }> {
  const budget = new CallBudget("Inspector.removeQueue", options, clock, optionNames);
  const { signal } = options;
  // A text such as "no" is true to JavaScript, and would remove what nobody wanted removed.
  const force = checkedFlag("force", options.force ?? false);
  const onProgress = checkedFunction("onProgress", options.onProgress);
  let tasks = 0;
  let cursor: string | undefined;
  for (;;) {
    if (budget.isSpent) {
      const code = signal?.aborted === true ? "cancelled" : "deadline_exceeded";
      throw new HikyakuError(code, `removing queue "${queue}" was stopped; ${tasks} of its tasks are removed`);
    }
    const request = { force, limit: slice, ...(cursor === undefined ? {} : { cursor }) };
    const answer = await broker.removeQueue(queue, request, budget.limit());
    switch (answer.kind) {
      case "not_found":
        throw queueNotFound(queue);
      case "not_empty":
        throw new HikyakuError("wrong_state", `queue "${queue}" holds tasks; to remove them with it, set "force"`);
      case "active":
        throw new HikyakuError(
          "wrong_state",
          `queue "${queue}" has tasks that are running or being aggregated; pause it and cancel or await them first`,
        );
      case "removed":
      case "more":
        tasks += answer.tasks;
        callGuarded(() => onProgress?.({ tasks }), logOf("onProgress"));
        if (answer.kind === "removed") return { tasks };
        cursor = answer.cursor;
    }
  }
}
