import { endpoint } from "@hikyaku/contract";
import fastify from "fastify";
import { expect, it } from "vitest";
import * as z from "zod";
import { describeEndpoint } from "./describe-endpoint.ts";
import { describeApi } from "./openapi.ts";

it("the document tells the headers that an endpoint reads, and those of its good answers", async () => {
  const described = describeEndpoint(
    endpoint({
      operationId: "see-x",
      tag: "x",
      summary: "See",
      description: "See.",
      method: "GET",
      path: "/x",
      scope: "read",
      headers: z.object({ "if-match": z.string().optional().meta({ description: "Which one." }) }),
      answers: { 200: z.object({ id: z.string() }), 404: z.object({}) },
      answerHeaders: { ETag: "Names what was seen." },
    }),
  );
  const app = fastify();
  await describeApi(app);
  app.route({ method: "GET", url: "/x", schema: described, validatorCompiler: () => () => true, handler: () => "x" });
  app.setSerializerCompiler(() => String);
  await app.ready();
  const { paths } = JSON.parse(JSON.stringify(app.swagger()));
  const { parameters, responses } = paths["/x"].get;
  expect(parameters).toEqual([
    { in: "header", name: "if-match", required: false, schema: { type: "string" }, description: "Which one." },
  ]);
  expect(responses["200"].headers).toEqual({
    ETag: { description: "Names what was seen.", schema: { type: "string" } },
  });
  expect(responses["404"].headers).toBeUndefined();
  expect(JSON.stringify(paths)).not.toContain("answerHeaders");
  await app.close();
});
