import type { FastifyInstance, FastifyReply } from "fastify";

const COMMON = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
];

const HEADERS = {
  "Content-Security-Policy": COMMON.join("; "),
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

/** Swagger UI writes style attributes into its markup, which the strict policy forbids. */
export const SWAGGER_UI_POLICY = [...COMMON, "style-src 'self' 'unsafe-inline'"].join("; ");

/** Puts the headers that keep browsers strict on every answer. */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook("onRequest", async (_request, reply) => {
    setSecurityHeaders(reply);
  });
}

/** The same for one answer that no hook runs for. */
export function setSecurityHeaders(reply: FastifyReply): void {
  reply.headers(HEADERS);
}
