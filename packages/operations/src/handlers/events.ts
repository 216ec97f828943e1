import type { eventEndpoints } from "@hikyaku/contract";
import { watchEvents } from "hikyaku";
import { eventFrames } from "../events/event-frames.ts";
import type { HandlersOf } from "../route.ts";

export const eventHandlers = {
  watchEvents: async ({ broker, signal }, { query, headers }) => {
    const { kind: kinds, queue: queues, type: types } = query;
    const after = headers["last-event-id"] ?? query.after;
    const events = watchEvents(broker, {
      signal,
      ...(kinds !== undefined && { kinds }),
      ...(queues !== undefined && { queues }),
      ...(types !== undefined && { types }),
      ...(after !== undefined && { after }),
    });
    return { status: 200, body: eventFrames(events) };
  },
} satisfies HandlersOf<typeof eventEndpoints>;
