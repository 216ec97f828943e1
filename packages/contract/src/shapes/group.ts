import * as z from "zod";
import { moment } from "./moment.ts";
import { pageEnd } from "./page.ts";
import { queueName } from "./queue.ts";

const count = z.int().min(0);

/** Tasks that are collected to be handled as one. */
const group = z
  .object({
    group: z.string(),
    size: count.meta({ description: "Tasks that wait in it; those that are being aggregated do not count." }),
    oldest_at: moment.nullable().meta({ description: "When its oldest task joined it." }),
    newest_at: moment.nullable(),
  })
  .meta({ id: "Group", title: "A group", description: "Tasks that are collected to be handled as one." });

/** A group that holds tasks. */
export type GroupView = z.infer<typeof group>;

/** The answer of `GET /queues/{queue}/groups`. */
export const listGroupsResponse = z
  .object({ groups: z.array(group).meta({ description: "Sorted by name." }), ...pageEnd })
  .meta({ id: "ListGroupsResponse", title: "Groups", description: "A page of the groups that hold tasks." });

/** The path of one group. */
export const groupParams = z.object({
  queue: queueName,
  group: z
    .string()
    .min(1)
    .max(1_024)
    .meta({ description: "Name of the group.", examples: ["tenant-7"] }),
});

/** What became of the tasks of a group. */
export const groupChangeResponse = z
  .object({
    queue: z.string(),
    group: z.string(),
    changed: count,
    refused: z
      .record(z.string(), count)
      .meta({ description: "How many were left as they were, by reason.", examples: [{ taken: 2 }] }),
    complete: z.boolean().meta({ description: "False when the time was up before the end: ask again for the rest." }),
  })
  .meta({ id: "GroupChangeResponse", title: "A changed group", description: "What became of its tasks." });
