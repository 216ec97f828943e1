import type { FastifyInstance } from "fastify";
import { visibleLines } from "hikyaku";

/**
 * Has JSON answers name what a terminal would obey instead of holding it: people read them with `curl`. They stay the same
 * JSON.
 */
export function showInAnswers(app: FastifyInstance): void {
  app.addHook("onSend", async (_request, reply, payload) => {
    if (typeof payload !== "string") return payload;
    return /json/.test(String(reply.getHeader("content-type"))) ? visibleLines(payload) : payload;
  });
}
