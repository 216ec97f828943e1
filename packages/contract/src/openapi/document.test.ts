import { expect, it } from "vitest";
import * as z from "zod";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { operationsEndpoints } from "../endpoints/operations.ts";
import { openApiDocument } from "./document.ts";
import { operationsDocument } from "./operations-document.ts";

const endpoints: readonly Endpoint[] = Object.values(operationsEndpoints);

function of(...some: readonly Endpoint[]) {
  return openApiDocument({ title: "t", version: "1", description: "d", tags: [], endpoints: some });
}

const data = {
  operationId: "x",
  tag: "t",
  summary: "s",
  description: "d",
  method: "POST",
  path: "/x",
  scope: "read",
} as const;

it("the document has every endpoint under its path and method, with its scope", () => {
  const { paths } = operationsDocument();
  for (const { path, method, operationId, scope } of endpoints) {
    expect(paths[path]?.[method.toLowerCase()]).toMatchObject({ operationId, "x-scope": scope });
  }
  expect(Object.values(paths).flatMap(Object.keys)).toHaveLength(endpoints.length);
});

it("every reference of the document leads somewhere in it", () => {
  const document = operationsDocument();
  const { schemas } = document["components"] as { schemas: Record<string, unknown> };
  const named = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(50);
  expect([...new Set(named)].filter((name) => name === undefined || !(name in schemas))).toEqual([]);
  expect(JSON.stringify(document)).not.toContain("#/$defs");
});

it("a shape that is sent otherwise than it is answered has a name for each", () => {
  const shape = z.object({ n: z.int().default(7) }).meta({ id: "Shape" });
  const { components } = of(endpoint({ ...data, body: shape, answers: { 200: shape } })) as unknown as {
    components: { schemas: object };
  };
  expect(components.schemas).toMatchObject({ Shape: { required: ["n"] }, ShapeInput: { type: "object" } });
  expect(components.schemas).not.toHaveProperty("ShapeInput.required");
});

it("answers may grow, and what is sent may have nothing unknown", () => {
  const made = of(endpoint({ ...data, body: z.strictObject({}), answers: { 200: z.object({ a: z.string() }) } }));
  const { requestBody, responses } = (made.paths["/x"]?.["post"] ?? {}) as Record<string, Record<string, unknown>>;
  expect(JSON.stringify(requestBody)).toContain('"additionalProperties":false');
  expect(JSON.stringify(responses?.["200"])).not.toContain("additionalProperties");
});

it("parameters say whether they must be sent, and headers and streams what they are", () => {
  const made = of(
    endpoint({
      ...data,
      method: "GET",
      path: "/x/{id}",
      params: z.object({ id: z.string() }),
      query: z.object({ must: z.string(), may: z.coerce.number().default(3) }),
      headers: z.object({ "if-match": z.string().optional() }),
      streams: "text/event-stream",
      answers: { 200: z.string() },
      answerHeaders: { ETag: "Its revision." },
      errors: { wrong_state: "It runs.", task_exists: "There is one." },
    }),
  );
  const { parameters, responses } = (made.paths["/x/{id}"]?.["get"] ?? {}) as {
    parameters: readonly { name: string; required: boolean }[];
    responses: Record<string, { description: string; content: object; headers?: object }>;
  };
  expect(parameters.map(({ name, required }) => `${name} ${required}`)).toEqual([
    "id true",
    "must true",
    "may false",
    "if-match false",
  ]);
  expect(responses["200"]).toMatchObject({ content: { "text/event-stream": {} }, headers: { ETag: {} } });
  expect(responses["409"]?.description).toBe("`wrong_state`: It runs. `task_exists`: There is one.");
});

it("an open endpoint needs no credential", () => {
  const made = of(endpoint({ ...data, scope: "open", answers: { 200: z.object({}) } }));
  expect(made.paths["/x"]?.["post"]).toMatchObject({ security: [] });
});
