import { HikyakuError } from "../../errors.ts";
import type { Reply } from "./wire/link.ts";

/** Where a page of a list ended: the score or place of the last task that was looked at, and its id. */
export interface ListPosition {
  readonly place: string;
  readonly id: Buffer;
}

const beforeAll: ListPosition = { place: "", id: Buffer.alloc(0) };

/** Ids are any bytes in Redis, so the cursor holds them in base64. */
export function writeListCursor(place: string, id: Reply | undefined): string {
  return `${place}:${Buffer.isBuffer(id) ? id.toString("base64url") : ""}`;
}

/** @throws HikyakuError `invalid_option`. */
export function readListCursor(cursor: string | undefined): ListPosition {
  if (cursor === undefined) return beforeAll;
  const [, place, id] = /^(-?(?:\d[\d.e+-]{0,40}|inf)):([\w-]{0,100000})$/.exec(cursor) ?? [];
  if (place !== undefined && id !== undefined && !Number.isNaN(Number(place.replace("inf", "Infinity")))) {
    return { place, id: Buffer.from(id, "base64url") };
  }
  throw new HikyakuError(
    "invalid_option",
    `option "cursor": expected what an earlier page gave as nextCursor, got ${JSON.stringify(cursor)}`,
  );
}
