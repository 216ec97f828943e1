import type { ServerDetails, ServerRecord } from "./presence-facet.ts";
import type { HandledTypes } from "./work-facet.ts";

/** Reads a server's record from stored JSON. Undefined when it is not one. Details that can't be read are left out. */
export function readServerRecord(value: unknown): ServerRecord | undefined {
  if (!isObject(value)) return undefined;
  const { serverId, host, pid, concurrency, queues, status, startedAt, activeWorkers, strictPriority } = value;
  const isRecord =
    [serverId, host, status].every((word) => typeof word === "string") &&
    [pid, concurrency, startedAt, activeWorkers].every(Number.isFinite) &&
    typeof strictPriority === "boolean" &&
    isObject(queues) &&
    Object.values(queues).every(Number.isFinite);
  if (!isRecord) return undefined;
  return { ...(value as unknown as ServerRecord), details: readServerDetails(value["details"]) };
}

/** Undefined when the value is not a server's details. */
export function readServerDetails(value: unknown): ServerDetails | undefined {
  if (!isObject(value)) return undefined;
  const { version, directory, commandLine, handles, lastClaimAt, loopDelayMs, clockOffsetMs, processIdentity } = value;
  const isDetails =
    [version, directory, commandLine].every((word) => typeof word === "string") &&
    [lastClaimAt, loopDelayMs, clockOffsetMs].every((number) => number === undefined || Number.isFinite(number)) &&
    (processIdentity === undefined || typeof processIdentity === "string") &&
    isHandledTypes(handles);
  return isDetails ? (value as unknown as ServerDetails) : undefined;
}

function isHandledTypes(value: unknown): value is HandledTypes {
  if (!isObject(value)) return false;
  const { kind, exact, prefixes } = value;
  return kind === "all" || (kind === "some" && isListOfText(exact) && isListOfText(prefixes));
}

function isListOfText(value: unknown): boolean {
  return Array.isArray(value) && value.every((word) => typeof word === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
