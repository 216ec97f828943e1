import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { operationsTags } from "@hikyaku/contract";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { withAnswerHeaders } from "./describe-endpoint.ts";
import { SWAGGER_UI_POLICY } from "./security-headers.ts";

export const OPENAPI_PATH = "/openapi.json";
const DOCS_PATH = "/docs";

/** Describes the routes that are added after it: `/openapi.json` for programs, `/docs` for people. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Hikyaku API",
        version: "0.1.0",
        description:
          "Errors are problem details (RFC 9457). Every answer under `/api` carries `X-RateLimit-Limit`, `-Remaining` and " +
          "`-Reset` for the current minute and, save under `/api/v1`, `X-RateLimit-Hour-Limit`, `-Remaining` and `-Reset` for " +
          "the current hour; resets and `Retry-After` are seconds from now. Requests are counted by client address, IPv6 by /64 network.",
      },
      servers: [{ url: "/" }],
      tags: [{ name: "jobqueue-demo", description: "A job that prints one line after a delay." }, ...operationsTags],
      components: {
        securitySchemes: {
          operationsToken: {
            type: "http",
            scheme: "bearer",
            description:
              "`api.operations.token`. While none is set, `local` and `develop` answer this machine itself without, others nobody.",
          },
        },
      },
    },
    transform: (route) => withAnswerHeaders(jsonSchemaTransform(route)),
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, {
    routePrefix: DOCS_PATH,
    logLevel: "warn",
    uiHooks: {
      onRequest: (_request, reply, next) => {
        reply.header("Content-Security-Policy", SWAGGER_UI_POLICY);
        next();
      },
    },
  });
  app.get(OPENAPI_PATH, { schema: { hide: true } }, (_request, reply) =>
    reply
      .type("application/json; charset=utf-8")
      .header("Cache-Control", "no-cache")
      .send(JSON.stringify(app.swagger())),
  );
}
