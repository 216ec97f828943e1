import type { statisticsEndpoints } from "@hikyaku/contract";
import { presentStatistics } from "../presenters/statistics.ts";
import type { HandlersOf } from "../route.ts";

export const statisticsHandlers = {
  getStatistics: async ({ inspector, signal }, { query: { queue, type, from, to, resolution, parts } }) => {
    const range = {
      ...(from !== undefined && { from: new Date(from) }),
      ...(to !== undefined && { to: new Date(to) }),
    };
    const which = { ...(queue !== undefined && { queue }), ...(type !== undefined && { type }) };
    const how = { ...(resolution !== undefined && { resolution }), parts };
    return {
      status: 200,
      body: presentStatistics(await inspector.statistics({ ...which, ...range, ...how }, { signal })),
    };
  },
} satisfies HandlersOf<typeof statisticsEndpoints>;
