import { allowOf, otherMethod } from "@hikyaku/operations/problems";
import type { FastifyInstance } from "fastify";

/**
 * Answers methods that an address does not have with 405, and OPTIONS with the methods that it has. Call it before the
 * first route, and the returned function after the last. Addresses with a wildcard are left alone.
 */
export function answerOtherMethods(app: FastifyInstance): () => void {
  const urls = new Set<string>();
  app.addHook("onRoute", ({ url }) => {
    if (!url.includes("*")) urls.add(url);
  });
  return () => {
    for (const url of [...urls]) addAnswers(app, url);
  };
}

function addAnswers(app: FastifyInstance, url: string): void {
  const methods = app.supportedMethods.filter((method) => app.hasRoute({ url, method }));
  const others = app.supportedMethods.filter((method) => !methods.includes(method) && method !== "OPTIONS");
  // A scope of operations answers by itself.
  if (others.length === 0) return;
  const allow = allowOf(methods);
  app.route({
    url,
    method: others,
    schema: { hide: true },
    // Refused before the body is read, so the body's type does not matter.
    onRequest: async (request) => {
      throw otherMethod(request.method, allow);
    },
    handler: () => undefined,
  });
  if (methods.includes("OPTIONS")) return;
  app.options(url, { schema: { hide: true } }, (_request, reply) => reply.code(204).header("Allow", allow).send());
}
