import { findingEndpoints } from "./findings.ts";
import { serverEndpoints } from "./servers.ts";

/** What the endpoints are about, for whoever reads a description of all: each endpoint's `tag` is one of these. */
export const operationsTags = [
  { name: "servers", description: "Who works on the queues, and remote control of them." },
  { name: "findings", description: "What is not as it should be." },
] as const;

/** Every endpoint of the operations API, by the name of its handler. */
export const operationsEndpoints = { ...serverEndpoints, ...findingEndpoints };
