import * as z from "zod";
import { moment } from "./moment.ts";

const told = z.unknown().meta({ description: "As whoever carried it out told it; null where nobody could tell." });

/** One change, with who made it. */
export const auditEntry = z
  .object({
    position: z.int().meta({ description: "Grows from entry to entry." }),
    at: moment,
    who: z.string().meta({ description: "Who asked for it." }),
    way: z.enum(["api", "cli", "code"]).meta({ description: "The way by which it came." }),
    from: z.string().nullable().meta({ description: "The address that it came from." }),
    operation: z.string().meta({ description: "What was asked for, by its operation id.", examples: ["pause-queue"] }),
    on: z.record(z.string(), z.string()).meta({ description: "On what, by the names of the operation's parameters." }),
    reason: z.string().nullable(),
    input: z.unknown().meta({
      description: "The rest of what was asked for; payloads and secrets are replaced by how large they were.",
    }),
    before: told,
    after: told,
    result: z.enum(["done", "not_done", "perhaps_done"]).meta({
      description: "`perhaps_done`: its end is not known.",
    }),
    code: z.string().nullable().meta({ description: "Why it was not done; null when it was." }),
    status: z.int().nullable().meta({ description: "The status of the HTTP answer." }),
  })
  .meta({ id: "AuditEntry", title: "A change", description: "Who changed what, when and from where." });

/** One change, with who made it. */
export type AuditEntryView = z.infer<typeof auditEntry>;

/** The answer of `GET /audit`. */
export const listAuditResponse = z.object({
  entries: z.array(auditEntry).meta({ description: "The newest first." }),
});
