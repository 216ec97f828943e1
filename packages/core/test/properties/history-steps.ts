import fc from "fast-check";
import type { Change } from "../../src/broker/change-facet.ts";
import type { TaskState } from "../../src/broker/task-message.ts";
import type { Ending } from "./queue-model.ts";

/** A task to enqueue, as data: names are small, so that tasks get in each other's way. */
export interface DrawnTask {
  readonly id: number;
  readonly type: "mail" | "report";
  readonly payload: string;
  readonly placed: "now" | "later" | "group" | "later_group";
  readonly group: string;
  readonly delayMs: number;
  readonly uniqueForMs: number | undefined;
  readonly maxRetry: number;
  readonly retentionMs: number;
  readonly timeoutMs: number;
}

export type Step =
  | { readonly do: "enqueue"; readonly tasks: readonly DrawnTask[]; readonly by: number }
  | { readonly do: "claim"; readonly limit: number; readonly mailOnly: boolean; readonly by: number }
  /** `pick` chooses among the tasks that are held, or with `stale` among all that ever were. */
  | {
      readonly do: "settle";
      readonly pick: number;
      readonly stale: boolean;
      readonly repeated: boolean;
      readonly ending: Ending;
      readonly cancelledTasks: "archive" | "retry";
      readonly by: number;
    }
  | { readonly do: "extend"; readonly pick: number; readonly stale: boolean; readonly ms: number }
  | { readonly do: "takeOver"; readonly limit: number; readonly settles: boolean }
  | { readonly do: "takeBack"; readonly server: number; readonly settles: boolean }
  | { readonly do: "forward"; readonly limit: number }
  | { readonly do: "sweep"; readonly maxCount: number; readonly maxAgeMs: number }
  | { readonly do: "change"; readonly pick: number; readonly change: Change }
  | {
      readonly do: "changeState";
      readonly state: Exclude<TaskState, "active">;
      readonly change: Change;
      readonly group: string;
    }
  | { readonly do: "cancel"; readonly pick: number }
  | { readonly do: "edit"; readonly pick: number; readonly payload: string }
  | { readonly do: "releaseLock"; readonly type: string; readonly payload: string }
  | { readonly do: "pause" | "resume" | "reclaim" }
  | { readonly do: "claimInVain"; readonly by: number }
  | { readonly do: "collect"; readonly group: string; readonly maxSize: number | undefined; readonly holdMs: number }
  | { readonly do: "finish"; readonly pick: number; readonly item: DrawnTask; readonly takesMemberId: boolean }
  | { readonly do: "putBack"; readonly pick: number }
  | { readonly do: "archiveMember"; readonly pick: number }
  | { readonly do: "wait"; readonly ms: number };

const groups = fc.constantFrom("g1", "g2");
const payloads = fc.constantFrom("p0", "p1", "p2");
const pick = fc.nat(60);
const by = fc.nat(1);
const change = fc.constantFrom<Change>("run", "run", "run", "archive", "delete");

const drawnTask: fc.Arbitrary<DrawnTask> = fc.record({
  id: fc.nat(11),
  type: fc.constantFrom("mail" as const, "report" as const),
  payload: payloads,
  placed: fc.constantFrom("now", "now", "later", "later", "group", "later_group"),
  group: groups,
  delayMs: fc.constantFrom(-5_000, 1, 1, 800, 2_400, 40_000),
  uniqueForMs: fc.constantFrom(undefined, undefined, 20_000, 100_000, 1_000_000),
  maxRetry: fc.constantFrom(0, 1, 3),
  retentionMs: fc.constantFrom(0, 5_000, 200_000),
  timeoutMs: fc.constantFrom(0, 10_000, 10_000),
});

const endings = fc.constantFrom<Ending>(
  "success",
  "success",
  "success",
  "failure",
  "failure",
  "timeout",
  "timeout",
  "timeout",
  "cancelled",
  "uncounted",
  "skip_retry",
  "revoke",
  "unfinished",
  "lost",
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("enqueue" as const),
      tasks: fc.array(drawnTask, { minLength: 1, maxLength: 4 }),
      by,
    }),
  },
  {
    weight: 15,
    arbitrary: fc.record({
      do: fc.constant("claim" as const),
      limit: fc.integer({ min: 1, max: 5 }),
      mailOnly: fc.nat(3).map((value) => value === 0),
      by,
    }),
  },
  {
    weight: 22,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      pick,
      stale: fc.nat(5).map((value) => value === 0),
      repeated: fc.boolean(),
      ending: endings,
      cancelledTasks: fc.constantFrom("archive" as const, "retry" as const),
      by,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("extend" as const),
      pick,
      stale: fc.boolean(),
      ms: fc.constantFrom(10_000, 61_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("takeOver" as const),
      limit: fc.constantFrom(1, 100),
      settles: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("takeBack" as const), server: by, settles: fc.boolean() }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant("forward" as const), limit: fc.constantFrom(1, 100, 100) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("sweep" as const),
      maxCount: fc.constantFrom(2, 100),
      maxAgeMs: fc.constantFrom(60_000, 86_400_000),
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant("change" as const), pick, change }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("changeState" as const),
      state: fc.constantFrom("pending", "scheduled", "retry", "completed", "archived", "aggregating", "aggregating"),
      change,
      group: groups,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cancel" as const), pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("edit" as const), pick, payload: payloads }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("releaseLock" as const),
      type: fc.constantFrom("mail", "report"),
      payload: payloads,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("pause" as const, "resume" as const, "resume" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("claimInVain" as const), by }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("collect" as const),
      group: groups,
      maxSize: fc.constantFrom(1, 2, undefined),
      holdMs: fc.constantFrom(5_300, 100_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("finish" as const), pick, item: drawnTask, takesMemberId: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("putBack" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("archiveMember" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reclaim" as const) }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(1, 400, 999, 2_500, 11_000, 31_000, 31_000, 100_000),
    }),
  },
);

/** The life of one queue, long enough for tasks to meet several features each. */
export const histories: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 40, maxLength: 90, size: "max" });
