import * as z from "zod";

/** Longest reason, in characters. */
const MAX_REASON_CHARACTERS = 500;

/** Why somebody changes something: a field of the body, or of the query where there is no body. */
export const changeReason = z
  .string()
  .max(MAX_REASON_CHARACTERS)
  .optional()
  .meta({ description: "Why, for whoever looks later.", examples: ["a faulty build"] });

/** The body of a change that only takes a reason. */
export const reasonGiven = z
  .strictObject({ reason: changeReason })
  .meta({ id: "ReasonGiven", title: "Why", description: "Why something is changed.", examples: [{}] });
