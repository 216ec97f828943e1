import * as z from "zod";
import { moment } from "./moment.ts";
import { queueName } from "./queue.ts";
import { changeReason } from "./reason.ts";
import { storeFinding } from "./store-finding.ts";

const count = z.int().min(0);

/** The answer of `GET /store`. */
export const storeResponse = z
  .object({
    kind: z.enum(["redis", "sqlite"]),
    location: z.string().meta({ description: "Where the tasks lie, without secrets." }),
    parts: z
      .array(
        z.object({
          location: z.string(),
          version: z
            .string()
            .nullable()
            .meta({ examples: ["Redis 7.0.15"] }),
          bytes: z.number().nullable().meta({ description: "The room that everything in it takes." }),
          bytes_limit: z.number().nullable().meta({ description: "Null for no limit, and where it does not tell." }),
        }),
      )
      .meta({ description: "The one server or file, or each master of a cluster." }),
    queues: count,
    clock_offset_ms: z
      .number()
      .nullable()
      .meta({ description: "How far this server's clock is ahead of the store's." }),
    written: count.meta({ description: "Calls of this server that have written tasks." }),
    failing_writes: z
      .array(
        z.object({
          kind: z.enum(["enqueue", "claim", "settle", "extend", "announce"]),
          since: moment,
          latest: moment,
          calls: count,
          reason: z.string(),
        }),
      )
      .meta({ description: "Kinds of calls of this server of which the last ones failed." }),
  })
  .meta({ id: "Store", title: "The store", description: "Which store it is, how large, and how writing to it goes." });

/** The body of `POST /store/check`. */
export const checkStoreRequest = z
  .strictObject({
    queues: z.array(queueName).min(1).max(100).optional().meta({ description: "Missing: all queues." }),
    repair: z.boolean().optional().meta({
      description: "Carries out the repairs that are safe; none throws a task away. Missing means false.",
    }),
    reason: changeReason,
  })
  .meta({ id: "CheckStoreRequest", title: "Check the store", description: "Looks at each task.", examples: [{}] });

/** The answer of `POST /store/check`. */
export const checkStoreResponse = z
  .object({
    findings: z.array(
      z.object({
        ...storeFinding.shape,
        repair: z.string().meta({ description: "What was done about it, or would be." }),
        action: z.string().nullable().meta({ description: "What that is, in words." }),
      }),
    ),
  })
  .meta({ id: "CheckStoreResponse", title: "What a check found", description: "Empty when the store fits together." });
