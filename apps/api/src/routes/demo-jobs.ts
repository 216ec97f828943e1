import { type OperationsPermission, spellingsOf } from "@hikyaku/app-kit";
import {
  DEMO_JOBS_PATH,
  type DemoJobView,
  demoJobParams,
  demoJobsQuery,
  demoJobsView,
  demoJobView,
  REGISTER_DEMO_JOB_PATH,
  type RegisterDemoJobRequest,
  type ResolvedDemoJob,
  registerDemoJobRequest,
  registerDemoJobResponse,
  resolveDemoJob,
} from "@hikyaku/contract";
import { RequestProblem } from "@hikyaku/operations/problems";
import { delayPrint } from "@hikyaku/tasks";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { type Client, type ExplainedTasks, type Inspector, isHikyakuError, takersOf } from "hikyaku";
import { headersOf, messageOf, presentDemoJob, timesOf } from "../presenters/demo-job.ts";
import { commonRefusals, problemResponse } from "../problem-response.ts";

export interface DemoJobRoutesParts {
  readonly client: Pick<Client, "enqueue">;
  readonly inspector: Pick<Inspector, "explainTasks">;
  readonly permission: Pick<OperationsPermission, "canRead">;
}

/** How long storing a job may take. With it, the answer comes within a second even if the store hangs. */
const STORE_TIMEOUT_MS = 800;

/** Where the jobs go. */
export const DEMO_QUEUES = [delayPrint.defaults.queue];

const tags = ["jobqueue-demo"];
const queue = delayPrint.defaults.queue;
const within = { ms: STORE_TIMEOUT_MS };

const storeAway = problemResponse("The job queue's store cannot be reached; see `Retry-After`.");

/** Adds the endpoints of the seed feature: a job that prints its message after a delay, and its state. */
export function addDemoJobRoutes(app: FastifyInstance, { client, inspector, permission }: DemoJobRoutesParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.post(
    REGISTER_DEMO_JOB_PATH,
    {
      schema: {
        operationId: "register-demo-job",
        tags,
        summary: "Register a job that prints one line after a delay",
        description:
          "The job is stored when the answer is 201. What is missing, 0 or empty means the default. A request that brings " +
          "its own `job_id` can be sent again, with the same content, until it is answered: it never makes a second job.",
        body: registerDemoJobRequest,
        response: {
          201: registerDemoJobResponse,
          400: problemResponse("The body is no valid JSON in UTF-8."),
          409: problemResponse(
            "`task_id_taken`: another job has the id that the request brings. Nothing was registered.",
          ),
          413: problemResponse("The body is larger than 64 KiB."),
          415: problemResponse("The body is not sent as application/json."),
          422: problemResponse("The body has errors; `errors` names each. Nothing was registered."),
          ...commonRefusals,
          503: problemResponse(
            "The job queue's store cannot be used; see `Retry-After`. `code` says whether the job may be registered all the " +
              "same: `broker_unavailable`, `store_rejected`, `overloaded` and `closed`: nothing was stored; " +
              "`answer_lost`, `deadline_exceeded` and `cancelled`: perhaps; `not_acknowledged`: it is stored.",
          ),
        },
      },
    },
    async (request, reply) => {
      const job = resolveDemoJob(request.body);
      const id = await register(client, inspector, job, request.body.job_id);
      return reply.code(201).send({ job_id: id, status: "registered" });
    },
  );
  routes.get(
    DEMO_JOBS_PATH,
    {
      logLevel: "warn",
      schema: {
        operationId: "list-demo-jobs",
        tags,
        summary: "Tell what became of several jobs",
        description: "One request for all jobs that somebody follows, and whether their queue is worked on.",
        querystring: demoJobsQuery,
        response: {
          200: demoJobsView,
          422: problemResponse("The ids are too many or too long."),
          ...commonRefusals,
          503: storeAway,
        },
      },
    },
    async (request, reply) => {
      const ids = request.query.job_ids;
      const spelled = [...new Set(ids.flatMap(spellingsOf))];
      const { paused, servers, tasks } = await inspector.explainTasks(queue, spelled, { within });
      const now = new Date();
      const about = { shown: await permission.canRead(request), now };
      const viewOf = new Map(spelled.map((id, index) => [id, viewIn(tasks[index], about)]));
      const views = ids.map((id) => firstOf(spellingsOf(id).map((spelling) => viewOf.get(spelling))));
      return reply.header("Cache-Control", "no-store").send({
        jobs: [...new Set(views.filter((view) => view !== undefined))],
        missing: ids.filter((_, index) => views[index] === undefined),
        queue: { paused, workers: takersOf({ queue, type: delayPrint.type }, servers).length },
        now: now.toISOString(),
      });
    },
  );
  routes.get(
    `${DEMO_JOBS_PATH}/:job_id`,
    {
      logLevel: "warn",
      schema: {
        operationId: "get-demo-job",
        tags,
        summary: "Tell what became of a job",
        description:
          "Its state, when it is due, why it waits, and each attempt with who ran it, when, and how it ended. Hosts, process " +
          "numbers, directories, builds and error texts are told to whoever may read the operations API. A printed job is " +
          "kept for a day. A UUID is found in capitals too; `job_id` is as it is stored.",
        params: demoJobParams,
        response: {
          200: demoJobView,
          404: problemResponse(
            "`task_not_found`: no such job is stored. It was never registered, was deleted, or was printed over a day ago.",
          ),
          422: problemResponse("The id is too long."),
          ...commonRefusals,
          503: storeAway,
        },
      },
    },
    async (request, reply) => {
      const { job_id: id } = request.params;
      const { tasks } = await inspector.explainTasks(queue, spellingsOf(id), { within });
      const about = { shown: await permission.canRead(request), now: new Date() };
      const view = firstOf(tasks.map((task) => viewIn(task, about)));
      if (view === undefined) {
        throw new RequestProblem(
          "task_not_found",
          "No such job is stored: it was never registered, was deleted, or was printed over a day ago.",
        );
      }
      return reply.header("Cache-Control", "no-store").send(view);
    },
  );
}

function viewIn(
  found: ExplainedTasks["tasks"][number],
  about: Parameters<typeof presentDemoJob>[1],
): DemoJobView | undefined {
  return found !== undefined && "explanation" in found ? presentDemoJob(found, about) : undefined;
}

function firstOf(views: readonly (DemoJobView | undefined)[]): DemoJobView | undefined {
  return views.find((view) => view !== undefined);
}

/** Stores the job, or finds it stored by an earlier request with the same id and content. Returns its id. */
async function register(
  client: DemoJobRoutesParts["client"],
  inspector: DemoJobRoutesParts["inspector"],
  job: ResolvedDemoJob,
  jobId: RegisterDemoJobRequest["job_id"],
): Promise<string> {
  const registeredAt = new Date();
  const dueAt = new Date(registeredAt.getTime() + job.delaySeconds * 1_000);
  const headers = headersOf({ registeredAt, dueAt });
  const { message, maxRetry } = job;
  const options = { at: dueAt, maxRetry, headers, within, ...(jobId !== undefined && { taskId: jobId }) };
  try {
    return (await client.enqueue(delayPrint, { message }, options)).id;
  } catch (error) {
    if (jobId === undefined || !isHikyakuError(error, "task_id_taken")) throw error;
    if (await isStored(inspector, jobId, job)) return jobId;
    throw error;
  }
}

async function isStored(
  inspector: DemoJobRoutesParts["inspector"],
  jobId: string,
  { message, delaySeconds, maxRetry }: ResolvedDemoJob,
): Promise<boolean> {
  const [found] = (await inspector.explainTasks(queue, [jobId], { within })).tasks;
  if (found === undefined || !("explanation" in found)) return false;
  const { task } = found;
  const times = timesOf(task);
  if (task.type !== delayPrint.type || times === undefined) return false;
  const delayMs = times.dueAt.getTime() - times.registeredAt.getTime();
  return messageOf(task) === message && task.maxRetry === maxRetry && delayMs === delaySeconds * 1_000;
}
