import { parseJsonBody } from "@hikyaku/operations/problems";
import type { FastifyInstance, FastifyRequest } from "fastify";

/**
 * Makes JSON in UTF-8 the only type of body that is read. Other types are answered with 415, broken bodies with 400.
 */
export function acceptOnlyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, async (request: FastifyRequest, body: Buffer) =>
    parseJsonBody(request.headers, body),
  );
}
