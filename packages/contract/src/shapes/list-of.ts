import * as z from "zod";

/** One value, or the same parameter several times. */
export function listOf<Item extends z.ZodType<string>>(item: Item) {
  return z.union([item.transform((one) => [one]), z.array(item).max(100)]);
}
