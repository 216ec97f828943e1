import { endpoint } from "../endpoint.ts";
import { statisticsQuery, statisticsResponse } from "../shapes/statistics.ts";

/** What happened, in numbers. */
export const statisticsEndpoints = {
  getStatistics: endpoint({
    operationId: "get-statistics",
    tag: "statistics",
    summary: "Show what happened in a range of time",
    description:
      "Counts, lateness and run times, point by point. Sums of what was reported: the last seconds lack, and what Go's programs did.",
    method: "GET",
    path: "/statistics",
    scope: "read",
    query: statisticsQuery,
    answers: { 200: statisticsResponse },
    errors: {
      queue_not_found: "There is no such queue.",
      invalid_option: "The range ends before it begins, or holds more than 1,000 points.",
    },
  }),
};
