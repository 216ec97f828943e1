import { type Endpoint, operationsEndpoints } from "@hikyaku/contract";
import { type ExampleRequest, exampleRequests } from "./example-requests.ts";
import type { Mounting } from "./mountings.ts";

/** Every endpoint of the contract with its example. */
export const examples = Object.entries(operationsEndpoints).map(([name, endpoint]) => ({
  endpoint: endpoint as Endpoint,
  example: exampleRequests[name as keyof typeof exampleRequests],
}));

/** The example's path and query, below the prefix. */
export function pathOf({ path }: Endpoint, { params = {}, query }: ExampleRequest): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? "x"));
  return query === undefined ? filled : `${filled}?${query}`;
}

/** The example, with what else a caller sends. */
export function asking(
  mounting: Mounting,
  endpoint: Endpoint,
  example: ExampleRequest,
  headers: Record<string, string> = {},
) {
  const sends = endpoint.body !== undefined;
  return mounting.ask(pathOf(endpoint, example), {
    method: endpoint.method,
    headers: { ...(sends && { "content-type": "application/json" }), ...example.headers, ...headers },
    ...(sends && { body: JSON.stringify(example.body) }),
  });
}
