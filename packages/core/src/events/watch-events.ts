import { eventHubOf, type WatchedBroker, type WatchOptions } from "./event-hub.ts";
import type { WatchedEvent } from "./watched-event.ts";

/**
 * What happens in a store, as `Client.events` tells it, for programs without a client. Ends when its signal fires, when
 * the broker is closed, and when its reader leaves the loop.
 * @throws HikyakuError `invalid_option`.
 */
export function watchEvents(
  broker: WatchedBroker,
  options: WatchOptions = {},
): AsyncIterableIterator<WatchedEvent, undefined> {
  return eventHubOf(broker).watch(options);
}
