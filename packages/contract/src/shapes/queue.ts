import * as z from "zod";

const count = z.int().min(0);

/** A queue at one moment. */
export const queueSummary = z
  .object({
    queue: z.string(),
    paused: z.boolean().meta({ description: "Nothing is taken from it until it is resumed." }),
    size: count.meta({ description: "Tasks in all states together." }),
    counts: z
      .object({
        pending: count,
        active: count,
        scheduled: count,
        retry: count,
        aggregating: count,
        completed: count,
        archived: count,
      })
      .meta({ description: "Tasks by state." }),
    processed_today: count.meta({ description: "Attempts that ended today (UTC)." }),
    processed_total: count,
    failed_today: count.meta({ description: "Counted failures among them." }),
    failed_total: count,
    latency_ms: z.number().meta({ description: "How long the task that is next in line has waited; 0 for none." }),
    due: count.meta({ description: "Scheduled and retry tasks that are due and not in line yet, up to 10000." }),
    overdue_ms: z.number().meta({ description: "For how long the first of them has been due; 0 for none." }),
  })
  .meta({ description: "A queue at one moment." });

/** A queue at one moment. */
export type QueueSummaryView = z.infer<typeof queueSummary>;
