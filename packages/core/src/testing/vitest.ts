import { expect } from "vitest";
import type { PayloadInput, TaskDefinition } from "../task.ts";
import type { EnqueuedExpectation } from "./assertions.ts";
import { queueMatchers } from "./matchers.ts";
import type { Matching } from "./mismatch.ts";

declare module "vitest" {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /**
     * A test queue has, or `.not` has, such a task enqueued; whether it has run since or not. `payload` undefined fits
     * any; objects may name only the fields that matter.
     */
    toHaveEnqueued<Task extends TaskDefinition>(
      task: Task,
      payload?: Matching<PayloadInput<Task>>,
      options?: EnqueuedExpectation,
    ): R;
  }
}

expect.extend(queueMatchers);
