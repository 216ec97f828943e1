import * as z from "zod";

/** The most entries of one page. */
const MAX_LIMIT = 1_000;

/** How many entries a page has unless the caller says otherwise. */
const DEFAULT_LIMIT = 50;

/** What every list takes in its query: `z.object({ ...pageQuery, … })`. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_LIMIT)
    .default(DEFAULT_LIMIT)
    .meta({ description: "The most entries of the answer." }),
  cursor: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .meta({ description: "Where to go on: `next` of the answer before, with the same other parameters." }),
};

/** What every list answers beside its entries. */
export const pageEnd = {
  next: z
    .string()
    .nullable()
    .meta({ description: "The `cursor` of what follows; null at the end. A page may be empty and have a next." }),
};

/** What a list whose entries have to be searched for answers beside them and `next`. */
export const scanEnd = {
  scanned: z.int().min(0).meta({ description: "How many entries were looked at for this page." }),
  complete: z.boolean().meta({
    description: "False when the search stopped at its budget before the page was full: go on with `next`.",
  }),
};
