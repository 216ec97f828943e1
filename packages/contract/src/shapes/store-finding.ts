import * as z from "zod";
import { moment } from "./moment.ts";

const findingLevel = z.enum(["error", "warning", "notice"]).meta({
  description:
    "`error`: the store contradicts itself. `warning`: something needs a person or a worker. `notice`: worth knowing.",
});

/** One thing that is not as it should be. */
export const storeFinding = z
  .object({
    kind: z.string().meta({
      description: "What it is, by a code that stays the same between releases; docs/doctor.md lists all.",
      examples: ["no_worker", "tasks_archived"],
    }),
    level: findingLevel,
    queue: z.string().nullable().meta({ description: "Null for what concerns the whole store." }),
    task_id: z.string().nullable().meta({ description: "Null where it is not about one task." }),
    detail: z.string().meta({ description: "What was found, in words, in English." }),
    facts: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
      .meta({ description: "The same for programs; docs/doctor.md says which kind has which." }),
  })
  .meta({ id: "StoreFinding", title: "A finding", description: "One thing that is not as it should be." });

/** One thing that is not as it should be. */
export type StoreFinding = z.infer<typeof storeFinding>;

/** The answer of `GET /findings`. */
export const listFindingsResponse = z
  .object({
    checked_at: moment.meta({ description: "When the store was asked; an answer is given out for five seconds." }),
    queues_checked: z.int(),
    queues_left_out: z.int().meta({ description: "How many queues were not looked at, because there are so many." }),
    findings: z.array(storeFinding).meta({ description: "Errors first, then warnings, then notices." }),
  })
  .meta({
    id: "ListFindingsResponse",
    title: "Findings",
    description:
      "What is not as it should be: who works, what waits for nobody, what failed for good lately, settings.",
  });

/** The answer of `GET /findings`. */
export type ListFindingsResponse = z.infer<typeof listFindingsResponse>;
