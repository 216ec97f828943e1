import type { Endpoint } from "../endpoint.ts";
import { operationsEndpoints, operationsTags } from "../endpoints/operations.ts";
import { type OpenApiDocument, openApiDocument } from "./document.ts";

let made: OpenApiDocument | undefined;

/** The document of the operations API, wherever it is mounted. */
export function operationsDocument(): OpenApiDocument {
  const endpoints: readonly Endpoint[] = Object.values(operationsEndpoints);
  made ??= openApiDocument({
    title: "Hikyaku operations",
    version: "0.1.0",
    description: "Sight and control of the task queue. Errors are problem details (RFC 9457): branch on their `code`.",
    endpoints,
    tags: operationsTags,
  });
  return made;
}
