import type { OperationsPermission } from "@hikyaku/app-kit";
import {
  DEFAULT_WAIT_SECONDS,
  type EvictServerResponse,
  evictServerRequest,
  evictServerResponse,
  listServersResponse,
  quietServerRequest,
  SERVERS_PATH,
  type ServerOrderName,
  type ServerOrderResponse,
  serverOrderParams,
  serverOrderResponse,
  stopServerRequest,
  type WorkerServer,
} from "@hikyaku/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { EvictReport, Inspector, OrderReport, ServerInfo } from "hikyaku";
import { operationsRefusals, operationsSecurity } from "../operations-refusals.ts";
import { problemResponse } from "../problem-response.ts";

export interface ServerRoutesParts {
  readonly inspector: Pick<Inspector, "servers" | "quietServer" | "stopServer" | "evictServer">;
  readonly permission: OperationsPermission;
}

const tags = ["servers"];
const bodyRefusals = {
  400: problemResponse("The body is no valid JSON in UTF-8."),
  413: problemResponse("The body is larger than 64 KiB."),
  415: problemResponse("The body is not sent as application/json."),
  422: problemResponse("The body or the id has errors; `errors` names each. Nothing was done."),
};

const tooManyKept = problemResponse(
  "Nobody knows the server, and enough orders are kept for such ones. Nothing was done.",
);

/** Adds who works on the queues, and how to tell one of them to go quiet, to stop, or take its tasks away. */
export function addServerRoutes(app: FastifyInstance, { inspector, permission }: ServerRoutesParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.get(
    SERVERS_PATH,
    {
      onRequest: async (request) => permission.mayRead(request),
      schema: {
        operationId: "list-servers",
        ...{ tags, security: operationsSecurity },
        summary: "List the worker servers",
        description: "Those that are there with what they run, and those that fell silent, each with what is wrong.",
        response: { 200: listServersResponse, ...operationsRefusals },
      },
    },
    async (_request, reply) => {
      const servers = await inspector.servers();
      return reply.header("Cache-Control", "no-store").send({ servers: servers.map(serverOf) });
    },
  );
  routes.post(
    orderPath("quiet"),
    {
      onRequest: async (request) => permission.mayChange(request),
      schema: {
        operationId: "quiet-server",
        ...{ tags, security: operationsSecurity },
        summary: "Tell a worker server to take no new tasks",
        description: "Running tasks go on. 200 once the server was seen to obey, 202 while the order waits for it.",
        params: serverOrderParams,
        body: quietServerRequest,
        response: {
          200: serverOrderResponse,
          202: serverOrderResponse,
          ...bodyRefusals,
          409: tooManyKept,
          ...operationsRefusals,
        },
      },
    },
    async (request, reply) => {
      const report = await inspector.quietServer(request.params.id, wishes(request, request.body));
      return reply.code(report.acknowledged ? 200 : 202).send(orderOf(report));
    },
  );
  routes.post(
    orderPath("stop"),
    {
      onRequest: async (request) => permission.mayChange(request),
      schema: {
        operationId: "stop-server",
        ...{ tags, security: operationsSecurity },
        summary: "Tell a worker server to stop",
        description:
          "Running tasks may finish, then its process ends. 200 once the server was seen to obey, 202 while the order waits.",
        params: serverOrderParams,
        body: stopServerRequest,
        response: {
          200: serverOrderResponse,
          202: serverOrderResponse,
          ...bodyRefusals,
          409: tooManyKept,
          ...operationsRefusals,
        },
      },
    },
    async (request, reply) => {
      const { timeout_seconds: timeout } = request.body;
      const report = await inspector.stopServer(request.params.id, {
        ...wishes(request, request.body),
        ...(timeout !== undefined && { timeout: { ms: timeout * 1_000 } }),
      });
      return reply.code(report.acknowledged ? 200 : 202).send(orderOf(report));
    },
  );
  routes.post(
    orderPath("evict"),
    {
      onRequest: async (request) => permission.mayChange(request),
      schema: {
        operationId: "evict-server",
        ...{ tags, security: operationsSecurity },
        summary: "Take all tasks away from a worker server that does not listen",
        description:
          "At once and whatever it does: its tasks wait in front of their queues, with nothing spent, and nothing that it " +
          "still writes about them counts.",
        params: serverOrderParams,
        body: evictServerRequest,
        response: {
          200: evictServerResponse,
          ...bodyRefusals,
          409: problemResponse(
            "The server was heard of in the last seconds and `force` is not set, or it is unknown and enough orders are kept.",
          ),
          ...operationsRefusals,
        },
      },
    },
    async (request, reply) => {
      const { force = false } = request.body;
      const report = await inspector.evictServer(request.params.id, { ...wishes(request, request.body), force });
      return reply.code(200).send(evictionOf(report));
    },
  );
}

function orderPath(order: ServerOrderName): string {
  return `${SERVERS_PATH}/:id/${order}`;
}

function wishes(
  { ip }: FastifyRequest,
  {
    reason,
    wait_seconds: wait = DEFAULT_WAIT_SECONDS,
  }: { readonly reason?: string | undefined; readonly wait_seconds?: number | undefined },
) {
  return { who: `the API, asked by ${ip}`, wait: { ms: wait * 1_000 }, ...(reason !== undefined && { reason }) };
}

function serverOf(server: ServerInfo): WorkerServer {
  const { details } = server;
  const handles = details?.handles;
  return {
    id: server.serverId,
    host: server.host,
    pid: server.pid,
    status: server.status,
    silent_since: server.silentSince?.toISOString() ?? null,
    started_at: server.startedAt.toISOString(),
    concurrency: server.concurrency,
    queues: { ...server.queues },
    strict_priority: server.strictPriority,
    running: server.workers.map((worker) => ({
      task_id: worker.taskId,
      type: worker.taskType,
      queue: worker.queue,
      started_at: worker.startedAt.toISOString(),
      deadline_at: worker.deadlineAt.toISOString(),
    })),
    version: details?.version ?? null,
    build: details?.build ?? null,
    directory: details?.directory ?? null,
    command_line: details?.commandLine ?? null,
    handles:
      handles === undefined
        ? null
        : handles.kind === "all"
          ? { all: true, exact: [], prefixes: [] }
          : { all: false, exact: [...handles.exact], prefixes: [...handles.prefixes] },
    last_claim_at: details?.lastClaimAt === undefined ? null : new Date(details.lastClaimAt).toISOString(),
    loop_delay_ms: details?.loopDelayMs ?? null,
    clock_offset_ms: details?.clockOffsetMs ?? null,
    warnings: server.warnings.map(({ kind, detail }) => ({ kind, detail })),
  };
}

function orderOf(report: OrderReport): ServerOrderResponse {
  return {
    id: report.serverId,
    presence: report.presence,
    host: report.host ?? null,
    pid: report.pid ?? null,
    listens: report.listens ?? null,
    acknowledged: report.acknowledged,
    status: report.status ?? null,
    kept_until: report.keptUntil.toISOString(),
  };
}

function evictionOf(report: EvictReport): EvictServerResponse {
  return { ...orderOf(report), tasks: { ...report.tasks } };
}
