import * as z from "zod";
import { moment } from "./moment.ts";
import { pageEnd, pageQuery } from "./page.ts";

export const listWorkersQuery = z.object({
  ...pageQuery,
  queue: z.string().max(1_024).optional().meta({ description: "Only what runs from this queue." }),
  server: z.string().max(200).optional().meta({ description: "Only what this server runs, by its whole id." }),
  type: z.string().max(1_024).optional().meta({ description: "Only tasks of this type." }),
});

/** A place of a server that runs a task now. */
const busyWorker = z
  .object({
    server_id: z.string(),
    host: z.string(),
    pid: z.int(),
    build: z.string().nullable(),
    task_id: z.string(),
    type: z.string(),
    queue: z.string(),
    started_at: moment,
    deadline_at: moment,
  })
  .meta({
    id: "BusyWorker",
    title: "A running task",
    description: "What runs, where, since when, until when at most.",
  });

/** The answer of `GET /workers`. */
export const listWorkersResponse = z
  .object({
    workers: z.array(busyWorker).meta({ description: "The longest running first." }),
    ...pageEnd,
  })
  .meta({ id: "ListWorkersResponse", title: "What runs now", description: "As the servers told of themselves last." });
