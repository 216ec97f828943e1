import type * as z from "zod";
import type { ProblemCode } from "./problem-code.ts";
import { SCOPES, type Scope } from "./scopes.ts";

/** Where our own API server serves the operations endpoints. Elsewhere they lie under the prefix that they are mounted at. */
export const OPERATIONS_PATH = "/api/v1";

/** The most bytes of a body, unless its endpoint says otherwise. */
export const BODY_BYTES = 65_536;

/** The most bytes of a body that carries a payload: the largest payload, 1 MiB, and the fields beside it. */
export const PAYLOAD_BODY_BYTES = 1_048_576 + BODY_BYTES;

/** How long an endpoint may take, unless it says otherwise. */
const DEADLINE_SECONDS = 10;

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

export type Method = (typeof METHODS)[number];

/** The types of answers that are sent part by part: events as they come, and one JSON value a line. */
export const STREAM_TYPES = ["text/event-stream", "application/x-ndjson"] as const;

export type StreamType = (typeof STREAM_TYPES)[number];

/** The data of an endpoint. Everything that serves, describes, calls or tests the endpoint is made from this. */
export interface EndpointData {
  /** Its name in the OpenAPI document and in generated clients: stays the same between releases. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly method: Method;
  /** Below the prefix, with the names of `params` in braces: `/servers/{id}/stop`. */
  readonly path: `/${string}`;
  /** Who may use it: everybody with this scope. `open`: everybody. */
  readonly scope: Scope | "open";
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** The headers that its handler reads, with names in lower case. Others are left alone. */
  readonly headers?: z.ZodObject;
  /**
   * Headers that other endpoints read and that it would ignore, with names in lower case, each with what to do instead. A
   * request that has one is refused.
   */
  readonly refusedHeaders?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  /** The most bytes of its body. Default: `BODY_BYTES`. */
  readonly bodyBytes?: number;
  /**
   * Why what it changes is not written to the audit. Absent: every change is. What only adds tasks (scope `enqueue`) is
   * not: that is the work itself, and the tasks tell of it.
   */
  readonly unaudited?: string;
  /**
   * Whether its handler keeps a caller to the queues that its credential is for. Where neither the address nor the query
   * names a `queue`, an endpoint that does not say so is closed to such callers.
   */
  readonly keepsToQueues?: boolean;
  /**
   * How long it may take until it is answered with `deadline_exceeded`. Default: 10. An answer in parts must begin within
   * it, and may then go on.
   */
  readonly deadlineSeconds?: number;
  /** Its good answers are sent in parts, as this type. `answers` then describe one part. Absent: each is one JSON body. */
  readonly streams?: StreamType;
  /** False: it is answered also while the store has never been there. Default: true. */
  readonly asksStore?: boolean;
  /** The bodies of its good answers, by status. */
  readonly answers: Readonly<Record<number, z.ZodType>>;
  /** What its good answers may say in headers of their own: their names as they are written, each with what it tells. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** Its own problems by code, each with when it comes. Problems that every endpoint can have are not listed. */
  readonly errors?: Readonly<Partial<Record<ProblemCode, string>>>;
}

/** An endpoint with its defaults filled in. */
export type Endpoint<Data extends EndpointData = EndpointData> = Data & {
  readonly bodyBytes: number;
  readonly deadlineSeconds: number;
};

/** Whether requests to it are written to the audit. */
export function isAudited({ method, scope, unaudited }: Pick<EndpointData, "method" | "scope" | "unaudited">): boolean {
  return method !== "GET" && scope !== "enqueue" && unaudited === undefined;
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** What the handler of an endpoint gets of a request: checked, with defaults filled in. */
export interface InputOf<Data extends EndpointData> {
  readonly params: Parsed<Data["params"]>;
  readonly query: Parsed<Data["query"]>;
  readonly headers: Parsed<Data["headers"]>;
  readonly body: Parsed<Data["body"]>;
}

/** Headers of an answer, out of those that the endpoint names. One that is undefined is not sent. */
type AnswerHeadersOf<Data extends EndpointData> =
  Data["answerHeaders"] extends Readonly<Record<string, string>>
    ? { readonly [Name in keyof Data["answerHeaders"]]?: string | undefined }
    : undefined;

/**
 * What the handler of an endpoint gives back: one of the statuses that the endpoint names, with its body. Where the
 * endpoint streams, the body is its parts as text. They end soon after the signal of the handler's context has fired.
 */
export type AnswerOf<Data extends EndpointData> = {
  [Status in keyof Data["answers"] & number]: {
    readonly status: Status;
    readonly body: Data extends { readonly streams: StreamType }
      ? AsyncIterable<string>
      : z.input<Data["answers"][Status]>;
    readonly headers?: AnswerHeadersOf<Data>;
  };
}[keyof Data["answers"] & number];

/**
 * An endpoint from what is said of it.
 * @throws Error when the path and `params` do not name the same, there is no such scope, or a request's header has
 * capitals in its name.
 */
export function endpoint<const Data extends EndpointData>(data: Data): Endpoint<Data> {
  const { operationId, path, params, headers, scope } = data;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  const known = Object.keys(params?.shape ?? {}).sort();
  if (inPath.join() !== known.join()) {
    throw new Error(`endpoint ${operationId}: its path names "${inPath.join()}", its params name "${known.join()}"`);
  }
  const capital = Object.keys(headers?.shape ?? {}).find((name) => name !== name.toLowerCase());
  if (capital !== undefined) throw new Error(`endpoint ${operationId}: expected the header "${capital}" in lower case`);
  // Types say so too, but not for endpoints that come from elsewhere, and a wrong scope must not open a route.
  if (scope !== "open" && !SCOPES.includes(scope)) {
    throw new Error(`endpoint ${operationId}: expected "open" or one of ${SCOPES.join()} as its scope, got "${scope}"`);
  }
  return { bodyBytes: BODY_BYTES, deadlineSeconds: DEADLINE_SECONDS, ...data };
}
