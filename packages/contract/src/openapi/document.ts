import type * as z from "zod";
import type { Endpoint } from "../endpoint.ts";
import { PROBLEM_CONTENT_TYPE, problem } from "../problem.ts";
import { type ProblemCode, STATUS_OF_PROBLEM } from "../problem-code.ts";
import { Components, type JsonSchema } from "./components.ts";

export interface OpenApiParts {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly endpoints: readonly Endpoint[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
}

/** A document of OpenAPI 3.1, as JSON. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly [name: string]: unknown;
}

/**
 * Describes endpoints that lie beside the document: its paths begin where `/openapi.json` lies. Made of data alone; no
 * server has to run.
 */
export function openApiDocument({ title, version, description, endpoints, tags }: OpenApiParts): OpenApiDocument {
  const components = new Components();
  // What is answered first: its shapes get the plain names.
  const responses = new Map(endpoints.map((endpoint) => [endpoint, responsesOf(endpoint, components)]));
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const endpoint of endpoints) {
    const { path, method } = endpoint;
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: operationOf(endpoint, responses.get(endpoint), components),
    };
  }
  return {
    openapi: "3.1.0",
    info: { title, version, description },
    servers: [{ url: ".", description: "Where this document lies." }],
    tags,
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

function operationOf(endpoint: Endpoint, responses: JsonSchema | undefined, components: Components): JsonSchema {
  const { operationId, tag, summary, description, scope, body } = endpoint;
  const parameters = [
    ...parametersOf("path", endpoint.params, components),
    ...parametersOf("query", endpoint.query, components),
    ...parametersOf("header", endpoint.headers, components),
  ];
  return {
    operationId,
    tags: [tag],
    summary,
    description: scope === "open" ? description : `${description} Needs the scope \`${scope}\`.`,
    security: scope === "open" ? [] : [{ token: [] }],
    "x-scope": scope,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { "application/json": { schema: components.of(body, "input") } } },
    }),
    responses,
  };
}

function parametersOf(place: string, schema: z.ZodObject | undefined, components: Components): JsonSchema[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape).map(([name, part]) => {
    const { description, ...rest } = components.of(part as z.ZodType, "input");
    const isRequired = place === "path" || !(part as z.ZodType).safeParse(undefined).success;
    return { name, in: place, required: isRequired, ...(description !== undefined && { description }), schema: rest };
  });
}

function responsesOf(endpoint: Endpoint, components: Components): JsonSchema {
  const { answers, answerHeaders, streams = "application/json" } = endpoint;
  const headers =
    answerHeaders &&
    Object.fromEntries(
      Object.entries(answerHeaders).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
    );
  const good = Object.entries(answers).map(([status, schema]) => [
    status,
    {
      description: schema.description ?? "Done.",
      ...(headers && { headers }),
      content: { [streams]: { schema: components.of(schema, "output") } },
    },
  ]);
  const schema = components.of(problem, "output");
  const refused = Object.entries(refusalsOf(endpoint)).map(([status, description]) => [
    status,
    { description, content: { [PROBLEM_CONTENT_TYPE]: { schema } } },
  ]);
  return Object.fromEntries([...good, ...refused]);
}

/** The problems by status, in words. `default` stands for what every HTTP server may answer. */
function refusalsOf({
  scope,
  params,
  query,
  headers,
  refusedHeaders,
  body,
  errors = {},
}: Endpoint): Record<string, string> {
  const readsHeaders = headers !== undefined || refusedHeaders !== undefined;
  const parts = [body && "body", params && "path", query && "query", readsHeaders && "headers"].filter(Boolean);
  const own: Record<string, string> = {};
  for (const [code, when] of Object.entries(errors)) {
    const status = STATUS_OF_PROBLEM[code as ProblemCode];
    own[status] = [own[status], `\`${code}\`: ${when}`].filter(Boolean).join(" ");
  }
  const misfit = `What was sent has errors (${parts.join(", ")}); \`errors\` names each. Nothing was done.`;
  return {
    400: "The request can't be understood.",
    ...(scope !== "open" && {
      401: "A credential is needed, or the one that came is wrong.",
      403: `The caller lacks the scope \`${scope}\`, or a page of another site asks.`,
    }),
    ...(body !== undefined && { 413: "The body is too large.", 415: "The body is not sent as application/json." }),
    ...own,
    ...(parts.length > 0 && { 422: [misfit, own[422]].filter(Boolean).join(" ") }),
    503: "The store can't be reached, or did not answer in time: see `code`, which says whether something was stored, and `Retry-After`.",
    default: "Any other problem.",
  };
}
