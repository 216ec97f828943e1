import { comparePositions, type EventPage } from "../broker/event-facet.ts";
import { eventsOfPage, type WatchedEvent } from "./watched-event.ts";

export interface EarlierSource {
  readonly after: string;
  /** Where the events begin that come by themselves. Undefined: none come any more. */
  readonly until: string | Promise<string | undefined>;
  /** The newest events, in memory. */
  readonly recent: () => readonly WatchedEvent[];
  /** What happened up to here may not have been published. Undefined: all was. */
  readonly vouchesAfter: () => string | undefined;
  readonly read: (after: string) => Promise<EventPage>;
}

/** Events after a position, up to those that come by themselves, a page at a time. */
export async function* earlierEvents(source: EarlierSource): AsyncGenerator<readonly WatchedEvent[], undefined> {
  const { recent, vouchesAfter, read } = source;
  let { after } = source;
  const until = await source.until;
  if (until === undefined) return undefined;
  const vouched = vouchesAfter();
  if (vouched !== undefined && comparePositions(after, vouched) <= 0) yield [{ kind: "reset", position: after }];
  const [oldest] = recent();
  if (oldest !== undefined && comparePositions(oldest.position, after) <= 0) {
    yield recent().filter(({ position }) => isBetween(position, after, until));
    return undefined;
  }
  while (after !== until) {
    let page: EventPage;
    try {
      page = await read(after);
    } catch {
      yield [{ kind: "reset", position: after }];
      return undefined;
    }
    yield eventsOfPage(page).filter(({ position }) => comparePositions(position, until) <= 0);
    if (page.events.length === 0 || comparePositions(page.position, until) >= 0) return undefined;
    after = page.position;
  }
  return undefined;
}

function isBetween(position: string, after: string, until: string): boolean {
  return comparePositions(position, after) > 0 && comparePositions(position, until) <= 0;
}
