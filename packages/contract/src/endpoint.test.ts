import { expect, it } from "vitest";
import * as z from "zod";
import { endpoint } from "./endpoint.ts";
import { operationsEndpoints, operationsTags } from "./endpoints/operations.ts";
import { PROBLEM_CODES } from "./problem-code.ts";

const data = {
  operationId: "see-x",
  tag: "x",
  summary: "See",
  description: "See.",
  method: "GET",
  path: "/x/{id}",
  scope: "read",
  params: z.object({ id: z.string() }),
  answers: { 200: z.string() },
} as const;

it("an endpoint's path and its params name the same", () => {
  expect(endpoint(data).deadlineSeconds).toBe(10);
  expect(() => endpoint({ ...data, path: "/x/{name}" })).toThrow(/its path names "name", its params name "id"/);
  expect(() => endpoint({ ...data, path: "/x" })).toThrow(/its path names ""/);
});

it("an endpoint reads headers by names in lower case, as servers hand them on", () => {
  expect(() => endpoint({ ...data, headers: z.object({ "if-match": z.string() }) })).not.toThrow();
  expect(() => endpoint({ ...data, headers: z.object({ "If-Match": z.string() }) })).toThrow(
    /"If-Match" in lower case/,
  );
});

it("an endpoint with a scope that is none opens nothing", () => {
  for (const scope of ["", "public", undefined]) {
    // @ts-expect-error: types say so too
    expect(() => endpoint({ ...data, scope })).toThrow(/expected "open" or one of read,enqueue,operate,admin/);
  }
});

it("each endpoint has a name, an address and codes of its own", () => {
  const all = Object.values(operationsEndpoints);
  const tags = operationsTags.map(({ name }) => name);
  expect(new Set(tags)).toEqual(new Set(all.map(({ tag }) => tag)));
  expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
  expect(new Set(all.map(({ method, path }) => `${method} ${path}`)).size).toBe(all.length);
  for (const one of all)
    expect(PROBLEM_CODES).toEqual(expect.arrayContaining(Object.keys("errors" in one ? one.errors : {})));
});
