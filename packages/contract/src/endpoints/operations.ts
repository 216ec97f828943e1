import { findingEndpoints } from "./findings.ts";
import { serverEndpoints } from "./servers.ts";

/** Every endpoint of the operations API, by the name of its handler. */
export const operationsEndpoints = { ...serverEndpoints, ...findingEndpoints };
