import { type EnqueuedExpectation, findEnqueued } from "./assertions.ts";

/**
 * For `expect.extend` of Vitest, and of other runners that take the same shape:
 * `expect(queue).toHaveEnqueued(task, payload?, options?)`. `hikyaku/testing/vitest` has them with the types for Vitest.
 */
export const queueMatchers = {
  toHaveEnqueued(
    received: unknown,
    task: { readonly type: string },
    payload?: unknown,
    options?: EnqueuedExpectation,
  ): { pass: boolean; message: () => string } {
    const { pass, message } = findEnqueued(received, task, payload, options);
    return { pass, message: () => message };
  },
};
