import type { CallOptions } from "../call-options.ts";
import {
  type EventFacet,
  type EventPage,
  type EventQuery,
  eventsInFeed,
  feedKeptMs,
  type KeptEvent,
  origin,
  placeOfPosition,
} from "../event-facet.ts";
import type { EventStore } from "../event-outbox.ts";
import { readEvent } from "../event-text.ts";
import type { Database } from "./database.ts";
import type { Store } from "./store.ts";

/** The feed is a table that keeps the newest events. It is emptied when nobody has watched for a while. */
export class SqliteEvents implements EventStore, Pick<EventFacet, "watch" | "readEvents"> {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  watch(ttlMs: number, call?: CallOptions): Promise<"went_on" | "began"> {
    return this.#store.write(call, 1, ({ db, now }) => {
      emptyForgotten(db, now);
      const wasWatched = watchedUntil(db) > now;
      db.run(upsertFeed, now, now + ttlMs);
      return wasWatched ? "went_on" : "began";
    });
  }

  watchedForMs(call?: CallOptions): Promise<number> {
    return this.#store.read(call, (db) => watchedUntil(db) - this.#store.clock.now());
  }

  publish(events: readonly KeptEvent["event"][], call?: CallOptions): Promise<void> {
    return this.#store.write(call, events.length, ({ db }) => {
      for (const event of events) db.run(insertEvent, JSON.stringify(event));
      db.run(deleteOldest, eventsInFeed);
    });
  }

  readEvents({ after, limit }: EventQuery, call?: CallOptions): Promise<EventPage> {
    const from = after === undefined ? undefined : placeOfPosition(after);
    return this.#store.read(call, (db) => {
      const life = Number(db.get(selectFeed)?.["life"] ?? 0);
      const last = Number(db.get(selectLast)?.["number"] ?? 0);
      const position = (number: number): string => (number === 0 ? origin : `${life}-${number}`);
      if (from === undefined) return { events: [], position: position(last), missed: 0 };
      const isKnown = after === origin || (from.life === life && from.number <= last);
      const start = isKnown ? from.number : 0;
      const rows = db.all(selectEvents, start, limit);
      const events = rows.flatMap((row) => {
        const event = readEvent(String(row["event"]));
        return event === undefined ? [] : { position: position(Number(row["number"])), event };
      });
      const end = Number(rows.at(-1)?.["number"] ?? last);
      const missed = rows.length === 0 ? last - start : Number(rows[0]?.["number"]) - start - 1;
      return { events, position: position(end), missed: isKnown ? missed : "unknown" };
    });
  }
}

/** Removes the events of a feed that nobody has watched for a while. */
export function emptyForgotten(db: Database, now: number): void {
  db.run(deleteForgotten, now - feedKeptMs);
}

function watchedUntil(db: Database): number {
  return Number(db.get(selectFeed)?.["watched_until"] ?? 0);
}

const selectFeed = "SELECT life, watched_until FROM event_feed WHERE one = 1";
const upsertFeed = `
  INSERT INTO event_feed (one, life, watched_until) VALUES (1, ?, ?)
  ON CONFLICT (one) DO UPDATE SET watched_until = excluded.watched_until`;
const insertEvent = "INSERT INTO events (event) VALUES (?)";
const deleteOldest = "DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?";
const deleteForgotten = `
  DELETE FROM events WHERE EXISTS (SELECT 1 FROM event_feed WHERE one = 1 AND watched_until <= ?)`;
const selectLast = "SELECT seq AS number FROM sqlite_sequence WHERE name = 'events'";
const selectEvents = "SELECT number, event FROM events WHERE number > ? ORDER BY number LIMIT ?";
