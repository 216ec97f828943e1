import * as z from "zod";
import { moment } from "./moment.ts";
import { pageEnd } from "./page.ts";

const taskLogLine = z.object({
  number: z.int().min(1).meta({ description: "1 for the first line that was ever said of this task." }),
  at: moment,
  server_id: z.string().meta({ description: "The server that ran the handler." }),
  attempt: z.int().meta({ description: "1 for the first attempt." }),
  text: z.string(),
  fields: z.record(z.string(), z.unknown()).nullable(),
});

/** Lines of a task's log. */
export const taskLogResponse = z
  .object({
    lines: z.array(taskLogLine).meta({ description: "Oldest first." }),
    dropped: z.int().min(0).meta({
      description: "How many lines before these are not kept any more; with a cursor, of those behind it.",
    }),
    ...pageEnd,
    end: z.string().meta({
      description: "The `cursor` behind the last of these lines: ask with it later for what was said since.",
    }),
  })
  .meta({ description: "What the handlers of a task said: the newest 200 lines, 64 KiB." });

export type TaskLogResponse = z.infer<typeof taskLogResponse>;
