import { type EventPage, placeOfPosition } from "../broker/event-facet.ts";
import type { QueueEvent } from "../broker/queue-event.ts";

/** Events are missing here: they came faster than they were published, kept or taken. */
export interface GapEvent {
  readonly kind: "gap";
  /** How many, of all kinds, queues and types. */
  readonly missed: number;
}

/** Events may be missing here, and nobody knows how many: look at the state of what you follow. */
export interface ResetEvent {
  readonly kind: "reset";
}

/** What who watches gets, in order. `position` is where to go on after it. */
export type WatchedEvent = (QueueEvent | GapEvent | ResetEvent) & { readonly position: string };

/** A page of the feed, for those who watch. What it lacks comes first. */
export function eventsOfPage({ events, missed, position: end }: EventPage): readonly WatchedEvent[] {
  const first = events[0]?.position;
  const position = first === undefined ? end : before(first);
  const told: WatchedEvent[] = [];
  if (missed === "unknown") told.push({ kind: "reset", position });
  else if (missed > 0) told.push({ kind: "gap", missed, position });
  for (const { event, position: at } of events) {
    if (event.kind === "missed") told.push({ kind: "gap", missed: event.count, position: at });
    else told.push({ ...event, position: at });
  }
  return told;
}

function before(position: string): string {
  const { life, number } = placeOfPosition(position);
  return `${life}-${number - 1}`;
}
