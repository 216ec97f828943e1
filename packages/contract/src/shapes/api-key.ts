import * as z from "zod";
import { SCOPES } from "../scopes.ts";
import { moment } from "./moment.ts";

const queueName = z.string().min(1).max(200);

/** A key, without what makes it one. */
export const apiKeyView = z
  .object({
    id: z.string().meta({ description: "Tells keys apart." }),
    prefix: z.string().meta({ description: "How the key begins, to find where it is used." }),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    queues: z.array(z.string()).nullable().meta({ description: "The queues that it is for; null for all." }),
    created_at: moment,
    created_by: z.string(),
    expires_at: moment.nullable(),
    last_used_at: moment.nullable().meta({ description: "Within a minute or so; null for never." }),
  })
  .meta({ id: "ApiKey", title: "An API key", description: "Who may do what with it; the key itself is never shown." });

/** A key, without what makes it one. */
export type ApiKeyView = z.infer<typeof apiKeyView>;

/** The body of `POST /keys`. */
export const createKeyRequest = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .meta({ description: "What it is for.", examples: ["billing service"] }),
    scopes: z
      .array(z.enum(SCOPES))
      .min(1)
      .max(SCOPES.length)
      .meta({ description: "What it permits.", examples: [["enqueue"]] }),
    queues: z
      .array(queueName)
      .min(1)
      .max(100)
      .optional()
      .meta({
        description:
          "The queues that it is for: whole names, or the beginning of names with a `*` at its end. Default: all.",
        examples: [["mail", "billing:*"]],
      }),
    expires_at: moment.optional().meta({ description: "From when on it is refused. Default: never." }),
    reason: z.string().max(500).optional().meta({ description: "Why, for the audit." }),
  })
  .meta({ id: "CreateKeyRequest", title: "A new API key", description: "What it is for and what it permits." });

/** The answer of `POST /keys`. */
export const createKeyResponse = apiKeyView
  .extend({ key: z.string().meta({ description: "The key itself. It is shown this once." }) })
  .meta({ id: "CreateKeyResponse", title: "A new API key", description: "Keep the key: nobody can show it again." });
