import * as z from "zod";
import { endpoint } from "../endpoint.ts";
import { apiKeyView, createKeyRequest, createKeyResponse } from "../shapes/api-key.ts";
import { pageEnd, pageQuery } from "../shapes/page.ts";

const keyId = z
  .string()
  .regex(/^[A-Za-z0-9]{12}$/, "expected the 12 letters and digits between `hk_` and the next `_`");

/** Credentials for programs. */
export const keyEndpoints = {
  listKeys: endpoint({
    operationId: "list-keys",
    tag: "keys",
    summary: "List the API keys",
    description: "By their ids. A key that has expired is listed for thirty days more.",
    method: "GET",
    path: "/keys",
    scope: "admin",
    query: z.object({ ...pageQuery, cursor: keyId.optional() }),
    answers: { 200: z.object({ keys: z.array(apiKeyView), ...pageEnd }) },
  }),
  createKey: endpoint({
    operationId: "create-key",
    tag: "keys",
    summary: "Make an API key",
    description: "The answer shows it once. Only its SHA-256 is kept.",
    method: "POST",
    path: "/keys",
    scope: "admin",
    body: createKeyRequest,
    answers: { 201: createKeyResponse },
    errors: {
      invalid_option: "It would have expired already. No key was made.",
      wrong_state: "The store holds 10,000 keys.",
    },
  }),
  revokeKey: endpoint({
    operationId: "revoke-key",
    tag: "keys",
    summary: "Revoke an API key",
    description:
      "It is refused from now on; processes that have just looked it up may accept it for five seconds more.",
    method: "DELETE",
    path: "/keys/{id}",
    scope: "admin",
    params: z.object({ id: keyId }),
    query: z.object({ reason: z.string().max(500).optional() }),
    answers: { 200: z.object({ id: z.string(), revoked: z.literal(true) }) },
    errors: { not_found: "There is no key of this id." },
  }),
};
