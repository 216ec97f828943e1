import * as z from "zod";
import { listOf } from "./list-of.ts";
import { pageEnd, pageQuery, scanEnd } from "./page.ts";
import { taskDetail, taskSummary, unreadableTask } from "./task.ts";
import { taskState } from "./task-state.ts";

const name = z.string().min(1).max(1_024);

const momentGiven = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();

/** The query of `GET /tasks`. */
export const searchTasksQuery = z
  .strictObject({
    queue: listOf(name).optional().meta({ description: "Only of this queue; may come several times." }),
    state: listOf(taskState).optional().meta({ description: "Only in this state; may come several times." }),
    group: name.optional().meta({ description: "Of aggregating tasks, only those of this group." }),
    type: name.optional().meta({ description: "The whole type." }),
    id_prefix: name.optional().meta({ description: "How the id begins." }),
    error: name.optional().meta({ description: "Part of the last error; ASCII letters in either case." }),
    payload: name.optional().meta({ description: "Part of the payload, as text." }),
    payload_base64: z.base64().min(1).max(1_400).optional().meta({ description: "Part of the payload, as bytes." }),
    payload_path: name.optional().meta({
      description: "Keys of the payload's JSON, joined by dots, whose value is `payload_value`.",
      examples: ["user.id"],
    }),
    payload_value: z.string().max(1_024).optional().meta({
      description:
        'A text, number, true, false or null, as JSON; what is none is a text: `42` is a number, `"42"` a text.',
    }),
    from: momentGiven.meta({
      description: "Due, archived, completed or waiting since this moment or later, as the state says.",
    }),
    before: momentGiven.meta({ description: "The same, before this moment." }),
    view: z.enum(["basic", "full"]).default("basic").meta({
      description: "`basic`: without payload, result, headers and attempts.",
    }),
    ...pageQuery,
  })
  .refine((query) => (query.payload_path === undefined) === (query.payload_value === undefined), {
    path: ["payload_value"],
    message: "expected payload_path and payload_value together",
  })
  .refine((query) => query.payload === undefined || query.payload_base64 === undefined, {
    path: ["payload_base64"],
    message: "expected payload or payload_base64, got both",
  });

/** The answer of `GET /tasks`. */
export const searchTasksResponse = z
  .object({
    tasks: z.array(z.union([taskDetail, taskSummary, unreadableTask])).meta({
      description: "Queue by queue, within a queue state by state, in the order in which they are to run or ended.",
    }),
    ...pageEnd,
    ...scanEnd,
  })
  .meta({ id: "SearchTasksResponse", title: "Tasks", description: "A page of tasks." });
