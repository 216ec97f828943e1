import * as z from "zod";

/** A moment as every shape tells it: RFC 3339, in UTC, to the millisecond. */
export const moment = z.iso.datetime().meta({ examples: ["2026-01-31T12:00:00.000Z"] });
