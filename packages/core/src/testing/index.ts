import "../node-version.ts";

export {
  assertEnqueued,
  assertNotEnqueued,
  type EnqueuedExpectation,
  type EnqueuedSource,
} from "./assertions.ts";
export { queueMatchers } from "./matchers.ts";
export type { Matching, Subset } from "./mismatch.ts";
export type { AttemptReport, EnqueuedRecord } from "./task-log.ts";
export { TestClock } from "./test-clock.ts";
export { type RunOptions, TestQueue, type TestQueueOptions, testQueue } from "./test-queue.ts";
