import "../node-version.ts";
import type { PayloadInput, TaskDefinition } from "../task/task.ts";
import type { EnqueuedExpectation } from "./assertions.ts";
import type { Matching } from "./mismatch.ts";

export { queueMatchers } from "./matchers.ts";

declare global {
  // Vitest 3, 4 and 5 build the type of `expect(value)` from this one; their own interfaces take other parameters in each.
  namespace Chai {
    interface Assertion {
      /**
       * A test queue has, or `.not` has, such a task enqueued; whether it has run since or not. `payload` undefined fits
       * any; objects may name only the fields that matter. There once `expect.extend(queueMatchers)` was called.
       */
      toHaveEnqueued<Task extends TaskDefinition>(
        task: Task,
        payload?: Matching<PayloadInput<Task>>,
        options?: EnqueuedExpectation,
      ): void;
    }
  }
}
