import * as z from "zod";
import { type Level, level, readinessFinding } from "./readiness-finding.ts";

/** Where a process says whether it can serve, with `GET`: 200 when it can, 503 when it cannot, the same body shape. */
export const READINESS_PATH = "/readyz";

/** The checks, each by a name that stays the same between releases. */
export const READINESS_CHECKS = [
  "job_queue_store",
  "rate_limit_store",
  "workers",
  "worker_server",
  "worker_processes",
] as const;

/** The name of a check. */
export type ReadinessCheckName = (typeof READINESS_CHECKS)[number];

/** The result of one check of a process. */
export const readinessCheck = z
  .object({
    name: z.enum(READINESS_CHECKS).meta({
      description:
        "`job_queue_store`: where the tasks lie. `rate_limit_store`: where requests are counted. `workers`: who works on " +
        "the tasks. `worker_server`, `worker_processes`: whether this process takes tasks; a worker's own port only.",
    }),
    level: level.meta({ description: "The worst of what was found." }),
    findings: z.array(readinessFinding).optional().meta({
      description: "Only for whoever may read the operations API: they name hosts, paths and addresses.",
    }),
  })
  .meta({ id: "ReadinessCheck", title: "One check", description: "What one check of a process came to." });

/** The result of one check of a process. */
export type ReadinessCheck = z.infer<typeof readinessCheck>;

/** The answer of `GET /readyz`: whether the process can serve, and one level per check. */
export const readiness = z
  .object({
    status: z.enum(["ready", "not_ready"]).meta({
      description: "`ready` when the process can serve its requests, also while something should be looked at.",
    }),
    level: level.meta({ description: "The worst of the checks." }),
    checks: z.array(readinessCheck),
  })
  .meta({
    id: "Readiness",
    title: "Readiness",
    description: "Whether the process can serve, one level per check.",
  });

/** The answer of `GET /readyz`. */
export type Readiness = z.infer<typeof readiness>;

/** The worst of some levels. `ok` when there are none. */
export function worstLevel(levels: Iterable<Level>): Level {
  const worst = new Set(levels);
  if (worst.has("error")) return "error";
  return worst.has("warning") ? "warning" : "ok";
}
