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

/** What tasks can be searched by. */
const conditions = {
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
};

type Conditions = z.infer<z.ZodObject<typeof conditions>>;

const together = {
  path: ["payload_value"],
  message: "expected payload_path and payload_value together",
};
const oneOnly = {
  path: ["payload_base64"],
  message: "expected payload or payload_base64, got both",
};

const isTogether = ({ payload_path: path, payload_value: value }: Conditions): boolean =>
  (path === undefined) === (value === undefined);
const isOneOnly = ({ payload, payload_base64: base64 }: Conditions): boolean =>
  payload === undefined || base64 === undefined;

/** The query of `GET /tasks`. */
export const searchTasksQuery = z
  .strictObject({
    ...conditions,
    view: z.enum(["basic", "full"]).default("basic").meta({
      description: "`basic`: without payload, result, headers and attempts.",
    }),
    ...pageQuery,
  })
  .refine(isTogether, together)
  .refine(isOneOnly, oneOnly);

/** Which tasks a bulk operation changes: the conditions of `GET /tasks`. */
export const taskConditions = z
  .strictObject(conditions)
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    message: "expected at least one condition: without any, every task of every queue would fit",
  })
  .refine(isTogether, together)
  .refine(isOneOnly, oneOnly)
  .meta({ id: "TaskConditions", title: "Conditions", description: "Which tasks: those that fit all of it." });

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
