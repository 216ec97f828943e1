import * as z from "zod";
import { moment } from "./moment.ts";

const count = z.int().min(0);

const resolution = z
  .enum(["minute", "ten_minutes", "day"])
  .meta({ description: "How long the time of each point is. Days are those of UTC." });

/** The query of `GET /statistics`. */
export const statisticsQuery = z.object({
  queue: z.string().min(1).max(1_024).optional().meta({ description: "Only this queue. Default: all together." }),
  type: z.string().min(1).max(1_024).optional().meta({ description: "Only this type. Default: all together." }),
  from: z.iso.datetime({ offset: true }).optional().meta({ description: "Default: an hour before `to`." }),
  to: z.iso.datetime({ offset: true }).optional().meta({ description: "Default: now." }),
  resolution: resolution.optional().meta({
    description:
      "Minutes are kept for 8 hours, ten minutes for 72 hours, days (UTC) for 90 days. Default: the finest that is kept for the whole range.",
  }),
  parts: z
    .stringbool({ truthy: ["true"], falsy: ["false"], case: "sensitive" })
    .default(false)
    .meta({ description: "Also tells of each type of each queue for itself." }),
});

const milliseconds = z.number().min(0);
const percentile = milliseconds.nullable();

const durationHistogram = z
  .object({
    count,
    sum_ms: milliseconds,
    p50_ms: percentile,
    p95_ms: percentile,
    p99_ms: percentile,
    buckets: z.array(count).meta({
      description: "One number for each range that `bucket_ends_ms` names, and a last one for all that is longer.",
    }),
  })
  .meta({
    id: "DurationHistogram",
    title: "Durations",
    description:
      "How often a duration lay in which range. Percentiles are estimates within their range; null for none.",
  });

const numbers = {
  enqueued: count.meta({ description: "New tasks of clients, schedules and groups." }),
  started: count.meta({ description: "Attempts whose handler was called." }),
  succeeded: count,
  failed: count.meta({ description: "Failures that spent a retry, or archived the task." }),
  retried: count.meta({ description: "Attempts after which the task waits for its next one." }),
  archived: count,
  lost: count.meta({ description: "Attempts whose worker died or stalled." }),
  lateness: durationHistogram.meta({
    description: "From the moment that a task joined its line to its start, without the delay that was asked for.",
  }),
  succeeded_run: durationHistogram.meta({ description: "How long attempts ran that succeeded." }),
  failed_run: durationHistogram.meta({ description: "How long attempts ran that did not." }),
};

/** What was counted of some tasks in some time. */
const statisticsNumbers = z
  .object(numbers)
  .meta({ id: "StatisticsNumbers", title: "Numbers", description: "What was counted of some tasks in some time." });

/** The answer of `GET /statistics`. */
export const statisticsResponse = z
  .object({
    resolution,
    from: moment.meta({
      description: "Beginning of the first point. Later than asked for where numbers that old are not kept.",
    }),
    to: moment.meta({ description: "End of the last point." }),
    bucket_ends_ms: z.array(z.int()).meta({
      description: "The upper ends of the ranges of every histogram, each included.",
    }),
    total: statisticsNumbers,
    points: z
      .array(z.object({ at: moment.meta({ description: "The beginning of its time." }), ...numbers }))
      .meta({ description: "Oldest first, also where nothing was reported." }),
    parts: z
      .array(z.object({ queue: z.string(), type: z.string(), ...numbers }))
      .nullable()
      .meta({ description: "The whole range of each type of each queue, by names. Null if not asked for." }),
  })
  .meta({
    id: "StatisticsResponse",
    title: "Statistics",
    description:
      "The sums of what servers, clients and schedulers have reported so far. The last seconds lack, and so does what a process had not reported when it died. Go's programs report nothing.",
  });

export type StatisticsNumbersView = z.infer<typeof statisticsNumbers>;
export type StatisticsResponse = z.infer<typeof statisticsResponse>;
