import * as z from "zod";

/** Where a process says whether it can serve, with `GET`: 200 when it can, 503 when it cannot, the same body shape. */
export const READINESS_PATH = "/readyz";

/** What one dependency of a process is like now. */
export const readinessCheck = z
  .object({
    name: z.string().meta({ description: "The dependency.", examples: ["jobqueue store"] }),
    status: z.enum(["ok", "failing", "disabled"]).meta({
      description:
        "`ok`: reachable. `failing`: not reachable. `disabled`: switched off by the settings, so it is not asked.",
    }),
    detail: z.string().meta({
      description: "What was found, and what to do if it is failing. May be empty.",
      examples: ["embedded, data/hikyaku.db"],
    }),
  })
  .meta({ id: "ReadinessCheck", title: "One dependency", description: "What one dependency is like now." });

/** What one dependency of a process is like now. */
export type ReadinessCheck = z.infer<typeof readinessCheck>;

/** The answer of `GET /readyz`: whether the process can serve, and one line per dependency. */
export const readiness = z
  .object({
    status: z.enum(["ready", "not_ready"]).meta({ description: "`ready` when the process can serve its requests." }),
    checks: z.array(readinessCheck).meta({ description: "One line per dependency." }),
  })
  .meta({
    id: "Readiness",
    title: "Readiness",
    description: "Whether the process can serve, one line per dependency.",
  });

/** The answer of `GET /readyz`. */
export type Readiness = z.infer<typeof readiness>;
