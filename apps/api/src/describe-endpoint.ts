import { type Endpoint, type ProblemCode, STATUS_OF_PROBLEM } from "@hikyaku/contract";
import type { FastifySchema } from "fastify";
import { commonRefusals, problemResponse } from "./problem-response.ts";

declare module "fastify" {
  interface FastifySchema {
    /** What good answers may say in headers of their own: names, each with what it tells. */
    answerHeaders?: Readonly<Record<string, string>>;
  }
}

type Refusals = Readonly<Record<number, ReturnType<typeof problemResponse>>>;

/** What the OpenAPI document says of an endpoint. The zod schemas of the contract become JSON Schema there. */
export function describeEndpoint(endpoint: Endpoint): FastifySchema {
  const { operationId, tag, summary, description, scope, params, query, headers, body } = endpoint;
  const { answerHeaders } = endpoint;
  return {
    operationId,
    tags: [tag],
    summary,
    description,
    ...(scope !== "open" && { security: [{ operationsToken: [] }] }),
    ...(params !== undefined && { params }),
    ...(query !== undefined && { querystring: query }),
    ...(headers !== undefined && { headers }),
    ...(body !== undefined && { body }),
    ...(answerHeaders !== undefined && { answerHeaders }),
    response: {
      ...goodAnswers(endpoint),
      ...inputRefusals(endpoint),
      ...ownRefusals(endpoint),
      ...refusalsOfAll(scope),
    },
  };
}

function goodAnswers({ answers, streams }: Endpoint): Readonly<Record<number, unknown>> {
  if (streams === undefined) return answers;
  return Object.fromEntries(
    Object.entries(answers).map(([status, schema]) => [
      status,
      { description: schema.description ?? "Default Response", content: { [streams]: { schema } } },
    ]),
  );
}

function inputRefusals({ params, query, headers, body, bodyBytes }: Endpoint): Refusals {
  const all = [body && "body", params && "id", query && "query", headers && "headers"];
  const parts = all.filter((part) => part !== undefined);
  const errors = `The ${parts.join(" or the ")} has errors; \`errors\` names each. Nothing was done.`;
  return {
    ...(body !== undefined && {
      400: problemResponse("The body is no valid JSON in UTF-8."),
      413: problemResponse(`The body is larger than ${bodyBytes / 1_024} KiB.`),
      415: problemResponse("The body is not sent as application/json."),
    }),
    ...(parts.length > 0 && { 422: problemResponse(errors) }),
  };
}

/** Refusals of one status share an entry, which names the codes if there are several. */
function ownRefusals({ errors = {} }: Endpoint): Refusals {
  const all = Object.entries(errors) as [ProblemCode, string][];
  const byStatus = Map.groupBy(all, ([code]) => STATUS_OF_PROBLEM[code]);
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => {
      const [[, only] = ["", ""]] = some;
      const text = some.length === 1 ? only : some.map(([code, when]) => `\`${code}\`: ${when}`).join(" ");
      return [status, problemResponse(text)];
    }),
  );
}

/** Adds the headers of good answers, which `jsonSchemaTransform` leaves out. */
export function withAnswerHeaders<Described extends { schema: FastifySchema }>(described: Described): Described {
  const { answerHeaders, response, ...schema } = described.schema;
  if (answerHeaders === undefined) return described;
  const headers = Object.fromEntries(
    Object.entries(answerHeaders).map(([name, description]) => [name, { type: "string", description }]),
  );
  const answers = Object.entries(response as Readonly<Record<string, object>>).map(([status, answer]) => [
    status,
    Number(status) < 300 ? { ...answer, headers } : answer,
  ]);
  return { ...described, schema: { ...schema, response: Object.fromEntries(answers) } };
}

function refusalsOfAll(scope: Endpoint["scope"]): Refusals {
  return {
    ...(scope !== "open" && {
      401: problemResponse(
        "The token is missing or wrong, or none is set yet outside local and develop; `detail` says how.",
      ),
      403: problemResponse(
        "No token is set in local or develop, and the request is not straight from this machine, or from another site's page.",
      ),
    }),
    ...commonRefusals,
    503: problemResponse("The job queue's store cannot be reached; see `Retry-After`."),
  };
}
