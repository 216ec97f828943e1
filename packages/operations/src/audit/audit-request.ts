import { isAudited, type ProblemCode } from "@hikyaku/contract";
import { type AuditNote, type AuditResult, type AuditTrail, errorText, type Logger } from "hikyaku";
import type { Identity, RequestHead } from "../access/request-head.ts";
import type { Route } from "../route.ts";
import { auditedInput } from "./audited-input.ts";

/** A request that was carried out or refused. */
export interface AuditedRequest {
  readonly route: Route;
  readonly head: RequestHead;
  readonly identity: Identity | undefined;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly told: Pick<AuditNote, "before" | "after">;
  /** When the request must be answered, in milliseconds of the epoch. */
  readonly deadlineAt: number;
}

/** Its end: the status, and the code of the problem if there was one. */
export interface RequestEnd {
  readonly status: number;
  readonly code: ProblemCode | undefined;
}

/** Ends of which nobody knows what was carried out. */
const unknownEnds: ReadonlySet<ProblemCode> = new Set([
  "answer_lost",
  "deadline_exceeded",
  "cancelled",
  "not_acknowledged",
  "internal_error",
  "corrupt_data",
]);

/** How long an entry may take, also where the time of its request is up. */
const mostMs = 2_000;
const leastMs = 250;

/** What does not fit its schema never came as far as the operation. */
const misfits: ReadonlySet<ProblemCode> = new Set(["invalid_body", "invalid_path", "invalid_query", "invalid_headers"]);

/**
 * Writes a change to the audit, unless its endpoint says why not. A change is never refused because it can't be written
 * down: whoever must act while the store is ill still can. The log then holds what the audit misses. Resolves in two seconds
 * at most; what is not written by then may still be.
 */
export async function auditRequest(
  audit: AuditTrail,
  logger: Logger,
  request: AuditedRequest,
  end: RequestEnd,
): Promise<void> {
  const { endpoint } = request.route;
  if (!isAudited(endpoint) || (end.code !== undefined && misfits.has(end.code))) return;
  const note = noteOf(request, end);
  const ms = Math.min(mostMs, Math.max(leastMs, request.deadlineAt - Date.now()));
  const writing = audit.write(note, { within: { ms } }).catch((error: unknown) => {
    const { operation, on, who, from, result, code } = note;
    const missed = { operation, on, who, from, result, code, error: errorText(error) };
    logger.error("operations: a change is missing in the audit", missed);
  });
  // A store may keep its time late: behind others that wait longer for the lock of another process.
  await endOrTime(writing, ms);
}

async function endOrTime(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, time]);
  clearTimeout(timer);
}

function noteOf({ route, head, identity, params, query, body, told }: AuditedRequest, end: RequestEnd): AuditNote {
  const reason = reasonOf(body) ?? reasonOf(query);
  return {
    who: identity?.name ?? head.address ?? "somebody",
    way: "api",
    from: head.address,
    operation: route.endpoint.operationId,
    on: Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, String(value).slice(0, 1_000)])),
    reason: reason?.slice(0, 1_000),
    input: auditedInput(body ?? query),
    ...told,
    result: resultOf(end),
    code: end.code,
    status: end.status,
  };
}

function reasonOf(part: unknown): string | undefined {
  if (typeof part !== "object" || part === null || !("reason" in part)) return undefined;
  return typeof part.reason === "string" ? part.reason : undefined;
}

function resultOf({ code }: RequestEnd): AuditResult {
  if (code === undefined) return "done";
  return unknownEnds.has(code) ? "perhaps_done" : "not_done";
}
