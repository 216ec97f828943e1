import { RequestProblem } from "./problems/request-problem.ts";

/** A page of a sorted list, by the names of its items: pages stay right while items come and go. */
export function pageByName<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): { readonly items: readonly Item[]; readonly next: string | null } {
  const after = cursor === undefined ? undefined : nameOfCursor(cursor);
  const rest = after === undefined ? items : items.filter((item) => nameOf(item) > after);
  const some = rest.slice(0, limit);
  const last = some.at(-1);
  return { items: some, next: rest.length > some.length && last !== undefined ? cursorAfter(nameOf(last)) : null };
}

/** The cursor of the page after an item of this name. */
export function cursorAfter(name: string): string {
  return Buffer.from(`n${name}`).toString("base64url");
}

/**
 * The name in a cursor.
 * @throws RequestProblem `invalid_query` for a cursor that no page gave out.
 */
export function nameOfCursor(cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString();
  if (text.startsWith("n") && cursorAfter(text.slice(1)) === cursor) return text.slice(1);
  throw wrongCursor(cursor);
}

/** For a cursor that no page gave out. */
export function wrongCursor(cursor: string): RequestProblem {
  const message = "expected the `next` of an earlier page of this list";
  return new RequestProblem("invalid_query", "The query has 1 error; nothing was done.", {
    errors: [{ location: "query.cursor", message, value: cursor.slice(0, 200) }],
  });
}
