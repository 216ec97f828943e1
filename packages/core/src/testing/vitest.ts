import "../node-version.ts";
import type { PayloadInput, TaskDefinition } from "../task/task.ts";
import type { EnqueuedExpectation } from "./assertions.ts";
import type { Matching } from "./mismatch.ts";

export { queueMatchers } from "./matchers.ts";

declare global {
  // Vitest 3, 4 and 5 all build the type of `expect(value)` from this one. Their own interfaces have different
  // parameters.
  namespace Chai {
    interface Assertion {
      /**
       * A test queue has, or with `.not` has not, such a task enqueued, whether it has run since or not. `payload`
       * undefined fits any payload; objects may name only the fields that matter. Exists once
       * `expect.extend(queueMatchers)` was called.
       */
      toHaveEnqueued<Task extends TaskDefinition>(
        task: Task,
        payload?: Matching<PayloadInput<Task>>,
        options?: EnqueuedExpectation,
      ): void;
    }
  }
}
