import { problemAnswer, RefusalLog } from "@hikyaku/operations/problems";
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from "fastify";

/** Answers with a problem (RFC 9457), and logs the server's own faults. `RefusalLog` logs the store's. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, text, fault } = problemAnswer(error, request.id);
  if (fault === "store") {
    refusalLogOf(request).write(error, { reqId: request.id });
  } else if (fault === "server") request.log.error({ err: error }, "request failed");
  // A serializer of the route would check the body against a schema made for another media type.
  return reply
    .code(status)
    .headers(headers)
    .serializer((payload) => String(payload))
    .send(text);
}

const logs = new WeakMap<FastifyBaseLogger, RefusalLog>();

/** The refusal log of the server that a request came to. */
function refusalLogOf({ server }: FastifyRequest): RefusalLog {
  const known = logs.get(server.log);
  if (known !== undefined) return known;
  const made = new RefusalLog("request refused", (level, message, fields) => server.log[level](fields, message));
  logs.set(server.log, made);
  server.server.once("close", () => made.flush());
  return made;
}
