import { operationsEndpoints } from "@hikyaku/contract";
import { routesOf } from "../route.ts";
import { findingHandlers } from "./findings.ts";
import { serverHandlers } from "./servers.ts";

/** Every endpoint of the contract with its handler; a missing one fails to compile. */
export const operationsRoutes = routesOf(operationsEndpoints, { ...serverHandlers, ...findingHandlers });
