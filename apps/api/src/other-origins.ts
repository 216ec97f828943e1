import cors, { type FastifyCorsOptions } from "@fastify/cors";
import type { Config } from "@hikyaku/config";
import { METHODS } from "@hikyaku/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isUnder, isUnderOperations } from "./api-path.ts";
import { OPENAPI_PATH } from "./openapi.ts";
import { RATE_LIMIT_HEADERS } from "./rate-limit/headers.ts";

/** What pages of the feature's origins may call and read. */
const open = ["/api/dm-jobqueue", OPENAPI_PATH] as const;

const common = {
  exposedHeaders: [
    ...RATE_LIMIT_HEADERS,
    "X-Request-Id",
    "ETag",
    "Location",
    "Idempotency-Replayed",
    "Preference-Applied",
  ],
  strictPreflight: false,
  maxAge: 600,
};

/**
 * Lets pages of some origins, or of all with `*`, register jobs and ask for their state. Lets pages of other origins,
 * which the settings name one by one, use the operations with a token.
 */
export async function allowOrigins(app: FastifyInstance, settings: Config["cors"]): Promise<void> {
  const { allowedOrigins, operationsOrigins } = settings;
  if (allowedOrigins.length + operationsOrigins.length === 0) return;
  const feature: FastifyCorsOptions = {
    ...common,
    origin: [...allowedOrigins],
    methods: ["GET", "HEAD", "POST"],
    allowedHeaders: ["Content-Type"],
  };
  const operations: FastifyCorsOptions = {
    ...common,
    origin: [...operationsOrigins],
    methods: ["HEAD", ...METHODS],
    allowedHeaders: [
      "Authorization",
      "Content-Type",
      "Idempotency-Key",
      "If-Match",
      "If-None-Match",
      "Last-Event-ID",
      "Prefer",
    ],
  };
  const policyOf = (request: FastifyRequest): FastifyCorsOptions => {
    if (isUnderOperations(request)) return operations;
    return open.some((address) => isUnder(request, address)) ? feature : { origin: false };
  };
  await app.register(cors, { delegator: (request, answer) => answer(null, policyOf(request)) });
}
