import { type Endpoint, permits } from "@hikyaku/contract";
import {
  AuditTrail,
  type Broker,
  Client,
  type Clock,
  errorText,
  guardedLogger,
  HikyakuError,
  Inspector,
  jsonLogger,
  type Logger,
  refuseUnknownOptions,
  systemClock,
  type TaskDefinition,
  visibleLines,
} from "hikyaku";
import { checkMasking, type Masking, maskOf } from "./access/masking.ts";
import { isOfAnotherSite } from "./access/other-site.ts";
import { insistOnQueues } from "./access/queue-limits.ts";
import type { Authorize, Identity, RequestHead } from "./access/request-head.ts";
import { type AuditedRequest, auditRequest, type RequestEnd } from "./audit/audit-request.ts";
import { BulkOperations } from "./bulk/bulk-operations.ts";
import { ownRoute, switchesOf, typeRoutesOf } from "./enqueue/type-routes.ts";
import { operationsRoutes } from "./handlers/index.ts";
import { ApiKeys } from "./keys/api-keys.ts";
import { LiveFindings } from "./live-findings.ts";
import { problemAnswer, problemEnd } from "./problems/problem-answer.ts";
import { RefusalLog } from "./problems/refusal-log.ts";
import { RequestProblem } from "./problems/request-problem.ts";
import type { RawInput, Route } from "./route.ts";
import { type Found, RouteFinder } from "./route-finder.ts";
import { Sessions } from "./sessions/sessions.ts";
import { SignOfLife } from "./sign-of-life.ts";
import { type HttpStream, httpStream, type StreamSource } from "./streams/http-stream.ts";
import { OpenStreams, type StreamLimits, type StreamPlace } from "./streams/open-streams.ts";

export interface OperationsParts {
  /** The caller's. It is never closed here. */
  readonly broker: Broker;
  /** Asked before anything else of a request is read, except at an open endpoint. */
  readonly authorize: Authorize;
  /** Adds tasks. Never closed here. Default: one of the broker. */
  readonly client?: Client;
  /** The types of tasks whose payloads are checked before they are added. Default: none. */
  readonly types?: readonly TaskDefinition[];
  /** The keys that its endpoints make and revoke; give the same to `keyAccess`. Default: those of the broker's store. */
  readonly keys?: ApiKeys;
  /**
   * Operations that nobody may use, by their ids, such as `delete-tasks`. Only those that change something. `enqueue-task`
   * is that of each type as well.
   */
  readonly switchedOff?: readonly string[];
  /** The sessions that its endpoints begin and end; give the same to `sessionAccess`. Default: those of the broker's store. */
  readonly sessions?: Sessions;
  /** What callers do not see of payloads, results, headers and logs. Default: they see all. */
  readonly masking?: Masking;
  /** Where changes are written down. Default: the audit of the broker's store, with its default bounds. */
  readonly audit?: AuditTrail;
  /** What it throws keeps nobody from an answer. Default: warnings and errors as JSON lines on standard error. */
  readonly logger?: Logger;
  /** Default: all endpoints of the contract. */
  readonly routes?: readonly Route[];
  /** How many answers in parts, such as events, may be open at the same time. */
  readonly streams?: StreamLimits;
  /** By it operations on many tasks wait and take turns. Default: the machine's. */
  readonly clock?: Clock;
}

/** The type lets none be forgotten. */
const partNames: ReadonlySet<string> = new Set(
  Object.keys({
    broker: true,
    authorize: true,
    client: true,
    types: true,
    audit: true,
    keys: true,
    switchedOff: true,
    masking: true,
    sessions: true,
    logger: true,
    routes: true,
    streams: true,
    clock: true,
  } satisfies Record<keyof OperationsParts, true>),
);

/** One request to a known route, by a caller that may use it. */
export interface OperationsCall extends Omit<RawInput, "headers"> {
  readonly route: Route;
  readonly head: RequestHead;
  readonly identity: Identity | undefined;
  /** A UUID. Answers with a problem carry it. */
  readonly requestId: string;
  /** Fires when the caller has gone. */
  readonly signal: AbortSignal;
}

/** A whole answer, for any server to send. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Sent instead of `text`. Whoever does not send it cancels it. */
  readonly stream?: HttpStream;
}

/** The operations API, not yet in a server: `operationsPlugin`, `nodeHandler` and `webHandler` mount it. */
export class Operations {
  readonly routes: readonly Route[];
  readonly #parts: OperationsParts;
  readonly #logger: Logger;
  readonly #refusals: RefusalLog;
  readonly #finder: RouteFinder;
  readonly #inspector: Inspector;
  readonly #client: Client;
  readonly #types: ReadonlyMap<string, TaskDefinition>;
  readonly #findings: LiveFindings;
  readonly #life: SignOfLife;
  readonly #audit: AuditTrail;
  readonly #keys: ApiKeys;
  readonly #sessions: Sessions;
  readonly #bulk: BulkOperations;
  readonly #switchedOff: ReadonlySet<string>;
  readonly #streams: OpenStreams;

  /**
   * @throws HikyakuError `invalid_option` for an unknown option, when `authorize` is missing, or two definitions have
   * one type.
   */
  constructor(parts: OperationsParts) {
    refuseUnknownOptions("Operations", parts, partNames);
    const { broker, authorize, client, types = [], routes = operationsRoutes, clock = systemClock } = parts;
    const logger = guardedLogger(parts.logger ?? jsonLogger("warn"));
    if (typeof authorize !== "function") {
      throw new HikyakuError(
        "invalid_option",
        `option "authorize": expected a function that says who asks, got ${typeof authorize}; tokenAccess(token) makes one`,
      );
    }
    this.#parts = parts;
    this.#streams = new OpenStreams(parts.streams ?? {});
    this.#logger = logger;
    this.#refusals = new RefusalLog("operations: refused", (level, message, fields) => logger[level](message, fields));
    this.#types = definitionsByType(types);
    this.routes = [...routes, ...typeRoutesOf(types, routes)];
    this.#finder = new RouteFinder(this.routes);
    this.#inspector = new Inspector({ broker });
    this.#client = client ?? new Client({ broker });
    this.#findings = new LiveFindings(broker);
    this.#life = new SignOfLife(broker);
    this.#audit = parts.audit ?? new AuditTrail({ broker });
    this.#sessions = parts.sessions ?? new Sessions({ broker });
    checkMasking(parts.masking ?? {});
    this.#keys = parts.keys ?? new ApiKeys(broker);
    this.#switchedOff = checkedSwitches(parts.switchedOff ?? [], this.routes);
    this.#bulk = new BulkOperations({ broker, inspector: this.#inspector, clock, logger });
  }

  /** What lies at a path below the prefix. */
  find(method: string, path: string): Found {
    return this.#finder.find(method, path);
  }

  /**
   * The caller, if it may do this. Undefined at an open endpoint.
   * @throws RequestProblem `unauthenticated` or `forbidden`.
   */
  async admit(scope: Endpoint["scope"], head: RequestHead): Promise<Identity | undefined> {
    if (scope === "open") return undefined;
    const identity = await this.#parts.authorize(head);
    if (!permits(identity.scopes, scope)) {
      const held = identity.scopes.length === 0 ? "nothing" : identity.scopes.join(", ");
      throw new RequestProblem("forbidden", `This needs the permission "${scope}"; what you may do is: ${held}.`);
    }
    // A browser sends cookies and passwords along by itself. But no page of another site can make it send a bearer
    // token. One that is there and did not let the caller in says nothing.
    if (changes(head) && identity.byBearerToken !== true && isOfAnotherSite(head)) {
      throw new RequestProblem("forbidden", "Pages of other sites may change nothing here.");
    }
    return identity;
  }

  /**
   * Carries out the request. Ends within the endpoint's deadline, and never rejects. An answer in parts begins within
   * the deadline and then goes on, until its caller has gone or may not read it any more, or `endStreams` is called.
   */
  async answer(found: OperationsCall): Promise<HttpAnswer> {
    const route = ownRoute(found.route, found.params, this.routes);
    const call = { ...found, route };
    const { identity, requestId } = call;
    try {
      insistOnQueues(identity, route.endpoint, call);
      refuseCondition(route.endpoint, found.head);
      const off = switchesOf(route).find((operationId) => this.#switchedOff.has(operationId));
      if (off !== undefined) {
        throw new RequestProblem("forbidden", `${off} is switched off here, for everybody.`);
      }
      if (route.endpoint.asksStore !== false) await this.#life.first();
    } catch (error) {
      return this.refuse(error, requestId);
    }
    return route.endpoint.streams === undefined ? this.#answer(call) : this.#answerInParts(call);
  }

  /** Ends all answers in parts at once: an HTTP server that stops waits for its answers. */
  endStreams(): void {
    this.#streams.endAll();
  }

  /**
   * Ends answers in parts, and work on operations on many tasks after the slice that is under way; another process, or
   * this one after its next start, goes on with them. Call it before the broker is closed.
   */
  async close(): Promise<void> {
    this.endStreams();
    await this.#bulk.close();
  }

  async #answerInParts(call: OperationsCall): Promise<HttpAnswer> {
    const { head, identity, requestId } = call;
    const ending = new AbortController();
    const end = (reason?: unknown): void => ending.abort(reason);
    const gone = (): void => end(call.signal.reason);
    const credentialEnded = (): void => end(identity?.ends?.reason);
    const over = (): void => {
      place?.leave();
      call.signal.removeEventListener("abort", gone);
      identity?.ends?.removeEventListener("abort", credentialEnded);
    };
    let place: StreamPlace | undefined;
    try {
      place = this.#streams.enter(identity?.name ?? head.address ?? "unknown", end);
    } catch (error) {
      return this.refuse(error, requestId);
    }
    call.signal.addEventListener("abort", gone, { once: true });
    identity?.ends?.addEventListener("abort", credentialEnded, { once: true });
    if (call.signal.aborted) gone();
    if (identity?.ends?.aborted === true) credentialEnded();
    const answer = await this.#answer({ ...call, signal: ending.signal }, { end, over });
    const { stream, ...alone } = answer;
    if (stream !== undefined && head.method !== "HEAD") return answer;
    stream?.cancel();
    over();
    return alone;
  }

  async #answer(call: OperationsCall, streaming?: Pick<StreamSource, "end" | "over">): Promise<HttpAnswer> {
    const { route, head, identity, requestId } = call;
    const { operationId, deadlineSeconds, asksStore, streams } = route.endpoint;
    const ended = new AbortController();
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    const end = (error: HikyakuError): void => {
      giveUp(error);
      ended.abort(error);
    };
    const late = `${operationId}: not done within ${deadlineSeconds} s`;
    // Before the timer begins: a handler is told of no moment that comes after its end.
    const deadlineAt = Date.now() + deadlineSeconds * 1_000;
    const timer = setTimeout(() => end(new HikyakuError("deadline_exceeded", late)), deadlineSeconds * 1_000);
    const leave = (): void => end(new HikyakuError("cancelled", `${operationId}: whoever asked has gone`));
    call.signal.addEventListener("abort", leave, { once: true });
    if (call.signal.aborted) leave();
    const silent = (reason: string): void => end(new HikyakuError("deadline_exceeded", `${operationId}: ${reason}`));
    const endWatch = asksStore === false ? undefined : this.#life.watch(silent);
    const { name = head.address } = identity ?? {};
    const { params, query, body: sent } = call;
    const request = { route, head, identity, params, query, body: sent };
    let told: AuditedRequest["told"] = {};
    const written = (end: RequestEnd): Promise<void> =>
      auditRequest(this.#audit, this.#logger, { ...request, told, deadlineAt }, end);
    const context = {
      broker: this.#parts.broker,
      inspector: this.#inspector,
      client: this.#client,
      types: this.#types,
      findings: this.#findings,
      audit: this.#audit,
      keys: this.#keys,
      sessions: this.#sessions,
      address: head.address,
      mask: maskOf(this.#parts.masking ?? {}, identity),
      bulk: this.#bulk,
      tellChange: (more: AuditedRequest["told"]): void => {
        told = { ...told, ...more };
      },
      identity,
      who: name === undefined ? "the API" : `the API, asked by ${name}`,
      signal: ended.signal,
      deadlineAt,
    };
    try {
      const done = route.run(context, { params, query, body: sent, headers: head.headers });
      const { status, body, headers: own } = await Promise.race([givenUp, done]);
      await written({ status, code: undefined });
      if (streaming !== undefined) {
        const failed = (error: unknown): void => void (call.signal.aborted || this.refuse(error, requestId));
        const stream = httpStream({ ...streaming, failed, parts: body as AsyncIterable<string> });
        const headers = { ...streamHeaders, "Content-Type": `${streams}; charset=utf-8`, ...own };
        return { status, headers, text: "", stream };
      }
      const headers = { "Cache-Control": "no-store", "Content-Type": "application/json; charset=utf-8", ...own };
      // People read answers with curl, in a terminal that obeys the text that it shows.
      return { status, headers, text: visibleLines(JSON.stringify(body)) };
    } catch (error) {
      const failure = problemEnd(error);
      const writing = written(failure);
      // A store that is ill would keep the answer waiting once more.
      if (failure.status < 500) await writing;
      // Nobody reads the answer, and nothing went wrong.
      if (call.signal.aborted) return problemAnswer(error, requestId);
      return this.refuse(error, requestId);
    } finally {
      clearTimeout(timer);
      endWatch?.();
      // A stream goes on, and its signal is its own.
      if (streaming === undefined) call.signal.removeEventListener("abort", leave);
    }
  }

  /** The answer to an error. Errors that are not the request's fault are logged. */
  refuse(error: unknown, requestId: string): HttpAnswer {
    const { fault, ...answer } = problemAnswer(error, requestId);
    if (fault === "store") {
      this.#refusals.write(error, { requestId });
    } else if (fault === "server") {
      this.#logger.error("operations: a request failed", { requestId, ...toldOf(error) });
    }
    return answer;
  }
}

function definitionsByType(definitions: readonly TaskDefinition[]): ReadonlyMap<string, TaskDefinition> {
  const byType = new Map<string, TaskDefinition>();
  for (const definition of definitions) {
    if (byType.has(definition.type)) {
      throw new HikyakuError(
        "invalid_option",
        `option "types": expected one definition of each type, got two of "${definition.type}"`,
      );
    }
    byType.set(definition.type, definition);
  }
  return byType;
}

/** Proxies that gather what they pass on would keep parts back. */
const streamHeaders = { "Cache-Control": "no-store", "X-Accel-Buffering": "no" };

function checkedSwitches(operationIds: readonly string[], routes: readonly Route[]): ReadonlySet<string> {
  const known = routes.flatMap(({ endpoint }) => (endpoint.method === "GET" ? [] : [endpoint.operationId]));
  for (const operationId of operationIds) {
    if (known.includes(operationId)) continue;
    throw new HikyakuError(
      "invalid_option",
      `option "switchedOff": expected operations that change something, got "${operationId}"; they are ${known.join(", ")}`,
    );
  }
  return new Set(operationIds);
}

/** For the server's log: where the error happened, and its cause. */
function toldOf(error: unknown) {
  if (!(error instanceof Error)) return { error: errorText(error) };
  const { stack, cause } = error;
  return { error: errorText(error), stack, ...(cause !== undefined && { cause: errorText(cause) }) };
}

/**
 * A change that was to be made only under a condition is not made without it.
 * @throws RequestProblem `invalid_headers`.
 */
function refuseCondition({ operationId, headers }: Endpoint, head: RequestHead): void {
  if (!changes(head) || head.headers["if-match"] === undefined || "if-match" in (headers?.shape ?? {})) return;
  const message = `${operationId} takes no If-Match: send it without`;
  throw new RequestProblem("invalid_headers", `${message}; nothing was done.`, {
    errors: [{ location: "header.if-match", message }],
  });
}

function changes({ method }: RequestHead): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
}
