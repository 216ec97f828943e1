import type { OperationsPermission } from "@hikyaku/app-kit";
import { FINDINGS_PATH, listFindingsResponse, type StoreFinding } from "@hikyaku/contract";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Finding } from "hikyaku";
import type { LiveFindings } from "../live-findings.ts";
import { operationsRefusals, operationsSecurity } from "../operations-refusals.ts";

export interface FindingRoutesParts {
  readonly findings: Pick<LiveFindings, "get">;
  readonly permission: OperationsPermission;
}

/** Adds what is not as it should be. */
export function addFindingRoutes(app: FastifyInstance, { findings, permission }: FindingRoutesParts): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    FINDINGS_PATH,
    {
      onRequest: async (request) => permission.mayRead(request),
      schema: {
        operationId: "list-findings",
        tags: ["findings"],
        security: operationsSecurity,
        summary: "List what is not as it should be",
        description:
          "Who works and should not, or not like that; tasks that wait for nobody; what failed for good in the last hour; " +
          "schedules and settings. An answer may be five seconds old. The doctor also looks at every task.",
        response: { 200: listFindingsResponse, ...operationsRefusals },
      },
    },
    async (_request, reply) => {
      const { checkedAt, queuesChecked, queuesLeftOut, findings: found } = await findings.get();
      return reply.header("Cache-Control", "no-store").send({
        checked_at: checkedAt.toISOString(),
        queues_checked: queuesChecked,
        queues_left_out: queuesLeftOut,
        findings: found.map(findingOf),
      });
    },
  );
}

function findingOf({ kind, level, queue, taskId, detail, facts }: Finding): StoreFinding {
  return { kind, level, queue: queue ?? null, task_id: taskId ?? null, detail, facts: factsOf(facts) };
}

/** In the words of the API: snake_case, and moments as texts. */
function factsOf(facts: Finding["facts"]): StoreFinding["facts"] {
  const shown: StoreFinding["facts"] = {};
  for (const [name, value] of Object.entries(facts)) {
    const ours = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (typeof value === "object") shown[ours] = [...value];
    else shown[ours] = typeof value === "number" && name.endsWith("At") ? momentOf(value) : value;
  }
  return shown;
}

/** What lies in the store may be no moment at all. */
function momentOf(value: number): string | number {
  const moment = new Date(value);
  return Number.isNaN(moment.getTime()) ? value : moment.toISOString();
}
