import { problemAnswer } from "@hikyaku/operations/problems";
import type { FastifyReply, FastifyRequest } from "fastify";
import { errorText, isHikyakuError } from "hikyaku";

/** Answers with a problem (RFC 9457), and logs what is the server's own fault. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, text, fault } = problemAnswer(error, request.id);
  if (fault === "store") {
    // That the store is away is warned of once for the process; each refusal of its requests only repeats it.
    const level = isHikyakuError(error, "broker_unavailable") ? "info" : "warn";
    request.log[level]({ reason: errorText(error) }, "request refused: the store cannot be used");
  } else if (fault === "server") request.log.error({ err: error }, "request failed");
  // A serializer of the route would check the body against a schema made for another media type.
  return reply
    .code(status)
    .headers(headers)
    .serializer((payload) => String(payload))
    .send(text);
}
