import { endpoint } from "../endpoint.ts";
import { EVENT_COMMENT_SECONDS, eventView, watchEventsHeaders, watchEventsQuery } from "../shapes/event.ts";

/** What happens, as it happens. */
export const eventEndpoints = {
  watchEvents: endpoint({
    operationId: "watch-events",
    tag: "events",
    summary: "Follow what happens",
    description:
      "Server-sent events, from the next one on or after a given one, until the caller leaves. They begin within five seconds. " +
      `A comment comes after ${EVENT_COMMENT_SECONDS} seconds of silence. \`gap\` and \`reset\` say that events are missing.`,
    method: "GET",
    path: "/events",
    scope: "read",
    query: watchEventsQuery,
    headers: watchEventsHeaders,
    streams: "text/event-stream",
    answers: { 200: eventView },
    errors: { overloaded: "As many streams are open as may be, in all or to this caller." },
  }),
};
