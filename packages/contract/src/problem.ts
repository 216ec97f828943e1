import * as z from "zod";
import { PROBLEM_CODES } from "./problem-code.ts";

/** The media type of every error answer. */
export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/** One thing that is wrong with a request. */
export const problemError = z
  .object({
    location: z.string().meta({
      description: "Where it is: `body`, `query`, `path` or `header`, then the path of names joined by dots.",
      examples: ["body.delay_seconds"],
    }),
    message: z.string().meta({
      description: "What was expected, what came, what to do.",
      examples: ["expected a whole number from 0 to 31536000, got -1"],
    }),
    value: z
      .unknown()
      .optional()
      .meta({ description: "What came; left out where nothing came.", examples: [-1] }),
  })
  .meta({
    id: "ProblemError",
    title: "One thing that is wrong",
    description: "Names the place and what is wrong there.",
  });

/** One thing that is wrong with a request. */
export type ProblemError = z.infer<typeof problemError>;

/** An error answer: RFC 9457 problem details, with one entry in `errors` for each thing that is wrong. */
export const problem = z
  .looseObject({
    type: z.string().meta({ description: "Names the kind of problem: a URI reference.", examples: ["about:blank"] }),
    title: z.string().meta({ description: "The kind of problem in words.", examples: ["Unprocessable Entity"] }),
    status: z
      .int()
      .min(400)
      .max(599)
      .meta({ description: "The HTTP status, repeated.", examples: [422] }),
    code: z.enum(PROBLEM_CODES).meta({
      description: "The kind of problem, as a word that stays the same between releases: branch on this.",
      examples: ["invalid_body"],
    }),
    detail: z.string().meta({
      description: "What happened this time and what to do.",
      examples: ["The body has 1 error; nothing was registered."],
    }),
    instance: z.string().optional().meta({ description: "Names this one occurrence: a URI reference." }),
    errors: z.array(problemError).optional().meta({ description: "Each thing that is wrong, if it can be named." }),
  })
  .meta({ id: "Problem", title: "Problem details", description: "An error answer after RFC 9457." });

/** An error answer: RFC 9457 problem details. */
export type Problem = z.infer<typeof problem>;
