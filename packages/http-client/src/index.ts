export { type OperationsClient, type OperationsClientOptions, operationsClient } from "./client.ts";
export { CallError, type CallErrorCode } from "./problem-error.ts";
