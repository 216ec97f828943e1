import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import type { CallOptions } from "./call-options.ts";
import type { QueueEvent } from "./queue-event.ts";

/** How long a watcher's mark holds by default. It is renewed in a third of this time. */
export const watchedForMs = 15_000;

/** The newest events that a store keeps, and how long it keeps them after nobody watches any more. */
export const eventsInFeed = 20_000;
export const feedKeptMs = 60_000;

/** One event as the feed keeps it. */
export interface KeptEvent {
  /** Names its place in the feed. Later ones are greater by `comparePositions`. */
  readonly position: string;
  /** `missed`: so many events were told faster than they could be published, and are not in the feed. */
  readonly event: QueueEvent | { readonly kind: "missed"; readonly count: number };
}

export interface EventQuery {
  /** The events after this one. Absent: none, only where the feed ends now. */
  readonly after?: string;
  /** Most events of this answer. */
  readonly limit: number;
}

export interface EventPage {
  readonly events: readonly KeptEvent[];
  /** Where to go on. */
  readonly position: string;
  /**
   * How many events after `EventQuery.after` the feed has dropped meanwhile. `unknown`: it does not know that position
   * any more, and begins with the oldest event that it has.
   */
  readonly missed: number | "unknown";
}

/**
 * What happens, for those who watch. It is told and kept only while somebody watches. Best effort: no decision may be
 * based on it.
 */
export interface EventFacet {
  /** Leaves word for `ttlMs` that somebody watches. Answers whether such a word was there already. */
  watch(ttlMs: number, call?: CallOptions): Promise<"went_on" | "began">;
  /**
   * Whether somebody watches, as far as this broker knows, or may watch. False means that telling is in vain. Asks the
   * store now and then, beside the caller, who never waits.
   */
  mayBeWatched(): boolean;
  /** Hands on what happened, if anybody watches. Never throws, and waits for nothing. */
  tell(event: QueueEvent): void;
  /**
   * Events in the order in which they were published. Those of one task come in the order in which they happened, as
   * long as one process tells them.
   * @throws HikyakuError `invalid_option` for a position that is none.
   */
  readEvents(query: EventQuery, call?: CallOptions): Promise<EventPage>;
}

/** Before the first event of any feed. */
export const origin = "0-0";

/** The life of a feed, and the number of an event in it. A feed that begins anew has a later life. */
export interface Place {
  readonly life: number;
  readonly number: number;
}

/** @throws HikyakuError `invalid_option`. */
export function placeOfPosition(position: unknown): Place {
  const [, life, number] = (typeof position === "string" && /^(\d{1,15})-(\d{1,15})$/.exec(position)) || [];
  if (life === undefined || number === undefined) {
    throw new HikyakuError(
      "invalid_option",
      `position: expected the position of an event, such as "1764364800000-17", got ${shown(position)}`,
    );
  }
  return { life: Number(life), number: Number(number) };
}

/** Less than 0 when `a` comes before `b`. */
export function comparePositions(a: string, b: string): number {
  const [one, other] = [placeOfPosition(a), placeOfPosition(b)];
  return one.life - other.life || one.number - other.number;
}
