import cors, { type FastifyCorsOptions } from "@fastify/cors";
import type { FastifyInstance } from "fastify";
import { isUnder } from "./api-path.ts";
import { OPENAPI_PATH } from "./openapi.ts";
import { RATE_LIMIT_HEADERS } from "./rate-limit/headers.ts";

/** What pages of other origins may call and read, where the settings let them. Operations never. */
const open = ["/api/dm-jobqueue", OPENAPI_PATH] as const;

/** Lets pages of these origins, or of all with `*`, register jobs and see what became of them. */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  const allowed: FastifyCorsOptions = {
    origin: [...origins],
    methods: ["GET", "HEAD", "POST"],
    allowedHeaders: ["Content-Type"],
    exposedHeaders: [...RATE_LIMIT_HEADERS, "X-Request-Id"],
    strictPreflight: false,
    maxAge: 600,
  };
  await app.register(cors, {
    delegator: (request, answer) =>
      answer(null, open.some((address) => isUnder(request, address)) ? allowed : { origin: false }),
  });
}
