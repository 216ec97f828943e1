import * as z from "zod";
import { duration, momentGiven } from "./enqueue.ts";
import { changeReason } from "./reason.ts";
import { taskState } from "./task-state.ts";

const name = z.string().min(1).max(1_024);

/** The path of a task. */
export const taskParams = z.object({
  queue: name.meta({ description: "Its queue.", examples: ["default"] }),
  id: name.meta({ description: "Its id, which is unique in its queue.", examples: ["welcome-mail-42"] }),
});

/** The query of what is changed without a body. */
export const deleteTaskQuery = z.strictObject({ reason: changeReason });

/** What became of a task. */
export const taskChangeResponse = z
  .object({
    queue: z.string(),
    id: z.string(),
    done: z.enum(["run", "archived", "cancelled", "asked_to_stop", "rescheduled", "edited", "deleted"]).meta({
      description: "`cancelled`: it waited, and is archived now. `asked_to_stop`: a worker runs it, and was told.",
    }),
    state: taskState.nullable().meta({ description: "Where it is now; null where it is gone, or not known." }),
  })
  .meta({ id: "TaskChangeResponse", title: "A changed task", description: "What was done, and where it is now." });

/** The body of `POST /tasks/{queue}/{id}/reschedule`. */
export const rescheduleRequest = z
  .strictObject({
    due_at: momentGiven.optional().meta({ description: "When it is due. A moment that has passed means now." }),
    delay: duration.optional().meta({ description: "How long from now it is due, in place of `due_at`." }),
    reason: changeReason,
  })
  .refine(({ due_at, delay }) => (due_at === undefined) !== (delay === undefined), {
    path: ["due_at"],
    message: "expected due_at or delay, and one of them only",
  })
  .meta({
    id: "RescheduleRequest",
    title: "Another moment",
    description: "When a task is to run.",
    examples: [{ delay: "3m" }],
  });

/** The body of `PUT /tasks/{queue}/{id}/payload`. */
export const editPayloadRequest = z
  .strictObject({
    payload: z.unknown().optional().meta({ description: "Any JSON. Missing: none." }),
    payload_base64: z.base64().optional().meta({ description: "Bytes as they are, in base64, in place of `payload`." }),
    reason: changeReason,
  })
  .meta({ id: "EditPayloadRequest", title: "Another payload", description: "What the handler gets.", examples: [{}] });

/** The headers that an edit reads. */
export const editHeaders = z.object({
  "if-match": z.string().min(1).max(1_000).optional().meta({
    description: "The `ETag` of the task as it was read, or several: 412 when it has changed since. `*`: any.",
  }),
});
