import type { FastifyInstance } from "fastify";
import { visibleLines } from "hikyaku";

/**
 * Escapes characters in JSON answers that a terminal would obey: people read answers with `curl`. They stay the same
 * JSON.
 */
export function showInAnswers(app: FastifyInstance): void {
  app.addHook("onSend", async (_request, reply, payload) => {
    if (typeof payload !== "string") return payload;
    return /json/.test(String(reply.getHeader("content-type"))) ? visibleLines(payload) : payload;
  });
}
