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
import { eventsKey, watchedKey } from "./keys.ts";
import { publishEventsLua } from "./lua/generated.ts";
import type { RedisContext } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import type { Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

const publishScript = script(publishEventsLua, "number");
const feedKeptSeconds = String(feedKeptMs / 1_000);

/** The feed is a stream: it numbers, bounds and ends by itself. The mark of who watches is a key that ends. */
export class RedisEvents implements EventStore, Pick<EventFacet, "watch" | "readEvents"> {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async watch(ttlMs: number, call?: CallOptions): Promise<"went_on" | "began"> {
    const { connection } = this.#context;
    const ms = String(Math.max(1, Math.ceil(ttlMs)));
    const [left] = await Promise.all([
      runCommand(connection, ["PTTL", watchedKey], call),
      runCommand(connection, ["SET", watchedKey, "1", "PX", ms], call),
      // A feed in which nothing happens keeps its numbers while somebody watches.
      runCommand(connection, ["EXPIRE", eventsKey, feedKeptSeconds], call),
    ]);
    return Number(left) > 0 ? "went_on" : "began";
  }

  async watchedForMs(call?: CallOptions): Promise<number> {
    return Number(await runCommand(this.#context.connection, ["PTTL", watchedKey], call));
  }

  async publish(events: readonly KeptEvent["event"][], call?: CallOptions): Promise<void> {
    const { connection, clock } = this.#context;
    const told = events.map((event) => JSON.stringify(event));
    const head = [String(Math.floor(clock.now())), String(eventsInFeed), feedKeptSeconds];
    await runScript(connection, publishScript, [eventsKey], [...head, ...told], call);
  }

  async readEvents({ after, limit }: EventQuery, call?: CallOptions): Promise<EventPage> {
    const from = after === undefined ? undefined : placeOfPosition(after);
    const [newest] = await this.#entries(["XREVRANGE", eventsKey, "+", "-", "COUNT", "1"], call);
    const end = newest?.position ?? origin;
    if (from === undefined || after === undefined) return { events: [], position: end, missed: 0 };
    if (end === after) return { events: [], position: end, missed: 0 };
    if (newest === undefined) return { events: [], position: origin, missed: "unknown" };
    const { life, number } = placeOfPosition(end);
    const isKnown = after === origin || (from.life === life && from.number <= number);
    const start = isKnown ? `(${after}` : "-";
    const read = await this.#entries(["XRANGE", eventsKey, start, "+", "COUNT", String(limit)], call);
    const [first] = read;
    const events = read.flatMap(({ position, event }) => (event === undefined ? [] : { position, event }));
    const position = read.at(-1)?.position ?? after;
    if (!isKnown) return { events, position, missed: "unknown" };
    const missed = first === undefined ? 0 : placeOfPosition(first.position).number - from.number - 1;
    return { events, position, missed };
  }

  async #entries(command: readonly string[], call: CallOptions | undefined) {
    const rows = list(await runCommand(this.#context.connection, [...command], call));
    return rows.map((row) => entryOf(row));
  }
}

/** An event that can't be read is none, and hides no other. */
function entryOf(row: Reply): { readonly position: string; readonly event: KeptEvent["event"] | undefined } {
  const [position, fields] = list(row);
  const [, event] = list(fields);
  return { position: text(position) ?? origin, event: readEvent(text(event) ?? "") };
}
