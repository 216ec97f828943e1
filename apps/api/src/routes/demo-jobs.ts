import {
  REGISTER_DEMO_JOB_PATH,
  registerDemoJobRequest,
  registerDemoJobResponse,
  resolveDemoJob,
} from "@hikyaku/contract";
import { delayPrint } from "@hikyaku/tasks";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Client } from "hikyaku";
import { problemResponse } from "../problem-response.ts";

/** How long storing a job may take; with it the answer comes within a second even if the store hangs. */
const STORE_TIMEOUT_MS = 800;

/** Adds the endpoint of the seed feature: a job that prints its message after a delay. */
export function addDemoJobRoutes(app: FastifyInstance, client: Pick<Client, "enqueue">): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    REGISTER_DEMO_JOB_PATH,
    {
      schema: {
        operationId: "register-demo-job",
        tags: ["jobqueue-demo"],
        summary: "Register a job that prints one line after a delay",
        description: "The job is stored when the answer is 201. What is missing, 0 or empty means the default.",
        body: registerDemoJobRequest,
        response: {
          201: registerDemoJobResponse,
          400: problemResponse("The body is no valid JSON in UTF-8."),
          413: problemResponse("The body is larger than 64 KiB."),
          415: problemResponse("The body is not sent as application/json."),
          422: problemResponse("The body has errors; `errors` names each. Nothing was registered."),
          429: problemResponse("Too many requests from this address; see `Retry-After`."),
          500: problemResponse("Something went wrong in the server."),
          503: problemResponse(
            "The job queue's store cannot be reached; see `Retry-After`. `detail` says whether the job may be registered all the same.",
          ),
        },
      },
    },
    async (request, reply) => {
      const { message, delaySeconds, maxRetry } = resolveDemoJob(request.body);
      const options = { in: { ms: delaySeconds * 1000 }, maxRetry, within: { ms: STORE_TIMEOUT_MS } };
      const task = await client.enqueue(delayPrint, { message }, options);
      return reply.code(201).send({ job_id: task.id, status: "registered" });
    },
  );
}
