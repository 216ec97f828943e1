import * as z from "zod";

/** Where a demo job is registered, with `POST`. */
export const REGISTER_DEMO_JOB_PATH = "/api/dm-jobqueue/register";

/** Printed when the request names no message, or an empty one. */
export const DEFAULT_MESSAGE = "Job executed successfully";
/** Seconds until the job runs when the request names no delay, or 0. */
export const DEFAULT_DELAY_SECONDS = 180;
/** Retries after a failure when the request names no number, or 0. */
export const DEFAULT_MAX_RETRY = 10;

/** Longest message, in characters (Unicode code points, as JSON Schema's `maxLength` counts them). */
export const MAX_MESSAGE_CHARACTERS = 4096;
/** Longest delay, in seconds: 365 days. */
export const MAX_DELAY_SECONDS = 31_536_000;
/** Largest number of retries. */
export const MAX_MAX_RETRY = 1000;

// Control characters (C0, DEL, C1), lone surrogates, line separator and paragraph separator. Each of them breaks "one
// job prints one line", steers the terminal that shows it, or changes on its way through UTF-8.
const NOT_ONE_LINE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * The same for readers of the schema. Not every tool knows Unicode's classes. A tool that matches UTF-16 unit by unit
 * would refuse all surrogates, even those of whole characters.
 */
const ONE_LINE_PATTERN = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$";

/** What a job's id looks like: a UUID in lower case. */
export const JOB_ID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const KEYS = ["message", "delay_seconds", "max_retry", "job_id"] as const;

const message = z
  .string({ error: (issue) => `expected a string, got ${nameOf(issue.input)}` })
  .refine((text) => !NOT_ONE_LINE.test(text), { error: (issue) => describeNotOneLine(issue.input) })
  .refine((text) => charactersIn(text) <= MAX_MESSAGE_CHARACTERS, {
    error: (issue) =>
      `expected at most ${MAX_MESSAGE_CHARACTERS} characters, got ${charactersIn(String(issue.input))}: shorten the message`,
  })
  .meta({
    description: `What the worker prints: one line, so no line breaks and no control characters. Missing or empty means "${DEFAULT_MESSAGE}".`,
    maxLength: MAX_MESSAGE_CHARACTERS,
    pattern: ONE_LINE_PATTERN,
    examples: ["hello"],
  });

const delaySeconds = wholeNumber(MAX_DELAY_SECONDS).meta({
  description: `Seconds from now until the job runs. Missing or 0 means ${DEFAULT_DELAY_SECONDS}.`,
  examples: [3],
});

const maxRetry = wholeNumber(MAX_MAX_RETRY).meta({
  description: `How many times a failed job is tried again. Missing or 0 means ${DEFAULT_MAX_RETRY}.`,
  examples: [5],
});

const ownJobId = z
  .string({ error: (issue) => `expected a UUID in lower case, got ${nameOf(issue.input)}` })
  .regex(JOB_ID_PATTERN, { error: (issue) => `expected a UUID in lower case, got ${nameOf(issue.input)}` })
  .meta({
    description:
      "The id that the job gets, a UUID in lower case. Missing means that the server makes one. Sending the same request " +
      "with the same id again never makes a second job, so it is safe whenever an answer was lost.",
    examples: ["0199e0a4-6b52-7c1e-9f57-2d8c4be0f3aa"],
  });

/**
 * The body of `POST /api/dm-jobqueue/register`. Every key may be missing; an unknown key is refused. A missing, 0 or
 * empty value stays so after parsing: {@link resolveDemoJob} puts the defaults in.
 */
export const registerDemoJobRequest = z
  .strictObject(
    {
      message: message.optional(),
      delay_seconds: delaySeconds.optional(),
      max_retry: maxRetry.optional(),
      job_id: ownJobId.optional(),
    },
    { error: describeNotAnObject },
  )
  .meta({
    id: "RegisterDemoJobRequest",
    title: "Register a demo job",
    description: "A job that prints one line when its time has come. What is missing, 0 or empty means the default.",
    examples: [{ message: "hello", delay_seconds: 3 }, {}],
  });

/** The body of `POST /api/dm-jobqueue/register`, before defaults. */
export type RegisterDemoJobRequest = z.infer<typeof registerDemoJobRequest>;

/** The answer `201` to a registration: the job is stored and will run. */
export const registerDemoJobResponse = z
  .object({
    job_id: z
      .string()
      .min(1)
      .meta({
        description: "The id of the job, unique in its queue.",
        examples: ["0199e0a4-6b52-7c1e-9f57-2d8c4be0f3aa"],
      }),
    status: z.literal("registered").meta({ description: "Always `registered`." }),
  })
  .meta({
    id: "RegisterDemoJobResponse",
    title: "A registered demo job",
    description: "The job is stored and will run when its delay is over.",
  });

/** The answer `201` to a registration. */
export type RegisterDemoJobResponse = z.infer<typeof registerDemoJobResponse>;

/** A registration with every default filled in. */
export interface ResolvedDemoJob {
  readonly message: string;
  readonly delaySeconds: number;
  readonly maxRetry: number;
}

/** Puts in the defaults for missing values, 0 and an empty message. */
export function resolveDemoJob(request: RegisterDemoJobRequest): ResolvedDemoJob {
  return {
    message: request.message || DEFAULT_MESSAGE,
    delaySeconds: request.delay_seconds || DEFAULT_DELAY_SECONDS,
    maxRetry: request.max_retry || DEFAULT_MAX_RETRY,
  };
}

function wholeNumber(largest: number) {
  const error = (issue: { readonly input?: unknown }) =>
    `expected a whole number from 0 to ${largest}, got ${nameOf(issue.input)}`;
  return z.int({ error, abort: true }).min(0, { error }).max(largest, { error });
}

function describeNotAnObject(issue: { readonly input?: unknown; readonly keys?: unknown }): string {
  const known = KEYS.join(", ");
  if (!Array.isArray(issue.keys)) return `expected an object with ${known}, got ${nameOf(issue.input)}`;
  const unknown = issue.keys.map((key) => JSON.stringify(key)).join(", ");
  return `expected only the keys ${known}, got ${unknown}: correct the name or leave it out`;
}

function describeNotOneLine(input: unknown): string {
  const text = String(input);
  const index = text.search(NOT_ONE_LINE);
  const code = text.codePointAt(index) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const position = charactersIn(text.slice(0, index)) + 1;
  return `expected one line without line breaks or control characters, got ${name} at character ${position}: take it out`;
}

function charactersIn(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function nameOf(input: unknown): string {
  if (typeof input === "number") return String(input);
  if (input === null) return "null";
  if (input === undefined) return "nothing";
  if (Array.isArray(input)) return "an array";
  if (typeof input === "object") return "an object";
  if (typeof input === "string") return input.length <= 40 ? `the string ${JSON.stringify(input)}` : "a string";
  return String(input);
}
