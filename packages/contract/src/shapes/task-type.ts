import * as z from "zod";

const taskType = z
  .object({
    type: z.string(),
    defined: z.boolean().meta({
      description: "Whether a definition is known here. Without one, only live servers tell of the type.",
    }),
    queue: z.string().nullable().meta({ description: "Which line its tasks join unless told otherwise." }),
    payload_schema: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: "JSON Schema (draft 2020-12) of its payload; null where its definition can't give one." }),
    result_schema: z.record(z.string(), z.unknown()).nullable(),
    defaults: z
      .object({
        max_retry: z.int(),
        timeout_ms: z.number().nullable(),
        deadline_at: z.iso.datetime().nullable(),
        retention_ms: z.number(),
        unique_for_ms: z.number().nullable(),
        group: z.string().nullable(),
        headers: z.record(z.string(), z.string()),
      })
      .nullable()
      .meta({ description: "How its tasks are enqueued unless told otherwise." }),
    handlers: z
      .array(z.object({ server_id: z.string(), host: z.string(), pid: z.int(), build: z.string().nullable() }))
      .meta({ description: "The live servers of this library that would run it. Others do not say what they run." }),
  })
  .meta({ id: "TaskType", title: "A type of task", description: "What is known of it, and who runs it." });

/** A type of task. */
export type TaskTypeView = z.infer<typeof taskType>;

/** The answer of `GET /types`. */
export const listTypesResponse = z.object({ types: z.array(taskType).meta({ description: "Sorted by name." }) }).meta({
  id: "ListTypesResponse",
  title: "Types of tasks",
  description: "Those with a definition, and those handled.",
});
