import type { AnswerOf, Endpoint, EndpointData, InputOf } from "@hikyaku/contract";
import type { OperationsContext } from "./context.ts";
import { checkedPart, type RequestPart } from "./problems/input-problem.ts";
import { RequestProblem } from "./problems/request-problem.ts";

/** Does the work of an endpoint. Knows nothing of the server that it is mounted in. */
export type HandlerOf<Data extends EndpointData> = (
  context: OperationsContext,
  input: InputOf<Data>,
) => Promise<AnswerOf<Data>>;

/** A handler for each of some endpoints: `satisfies HandlersOf<typeof …>` fails when one is missing. */
export type HandlersOf<Endpoints extends Readonly<Record<string, EndpointData>>> = {
  readonly [Name in keyof Endpoints]: HandlerOf<Endpoints[Name]>;
};

/** The parts of a request as they came. */
export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  /** Names in lower case. */
  readonly headers: unknown;
  readonly body: unknown;
}

interface RouteAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer as its handler gave it. */
interface GivenAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

/** An endpoint with its handler. */
export interface Route {
  readonly endpoint: Endpoint;
  /** The type of tasks that it is for, where it was made for one from the endpoint of all types. */
  readonly taskType?: string;
  /**
   * @throws RequestProblem for input that does not fit; what the handler throws; Error for an answer that does not fit.
   */
  run(context: OperationsContext, raw: RawInput): Promise<RouteAnswer>;
}

/** Each endpoint with the handler of the same name. */
export function routesOf<Endpoints extends Readonly<Record<string, Endpoint>>>(
  endpoints: Endpoints,
  handlers: HandlersOf<NoInfer<Endpoints>>,
): readonly Route[] {
  const names: (keyof Endpoints)[] = Object.keys(endpoints);
  return names.map((name) => routeOf(endpoints[name], handlers[name]));
}

function routeOf<Data extends Endpoint>(endpoint: Data, handler: HandlerOf<Data>): Route {
  return {
    endpoint,
    run: async (context, raw) => {
      const answer: GivenAnswer = await handler(context, inputOf(endpoint, raw));
      return {
        status: answer.status,
        body: checkedBody(endpoint, answer),
        headers: checkedHeaders(endpoint, answer),
      };
    },
  };
}

function inputOf<Data extends Endpoint>(endpoint: Data, raw: RawInput): InputOf<Data> {
  const part = (name: keyof InputOf<Data> & keyof RawInput, called: RequestPart): unknown => {
    const schema = endpoint[name];
    return schema === undefined ? undefined : checkedPart(schema, called, raw[name]);
  };
  refuseHeaders(endpoint, raw.headers);
  const params = part("params", "path");
  const query = part("query", "query");
  const headers = part("headers", "header");
  // The schemas themselves say so.
  return { params, query, headers, body: part("body", "body") } as InputOf<Data>;
}

function refuseHeaders({ refusedHeaders = {} }: Endpoint, headers: unknown): void {
  const errors = Object.entries(refusedHeaders)
    .filter(([name]) => typeof headers === "object" && headers !== null && Object.hasOwn(headers, name))
    .map(([name, instead]) => ({ location: `header.${name}`, message: `expected none here; ${instead}` }));
  const [first] = errors;
  if (first === undefined) return;
  throw new RequestProblem("invalid_headers", `${first.location}: ${first.message}. Nothing was done.`, { errors });
}

/** An answer holds what the endpoint names, and nothing else. The parts of a stream are its handler's own. */
function checkedBody({ operationId, answers, streams }: Endpoint, { status, body }: GivenAnswer): unknown {
  const schema = answers[status];
  if (schema === undefined) throw new Error(`${operationId}: its handler answered ${status}, which it does not name`);
  if (streams !== undefined) return body;
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Error(`${operationId}: what its handler answered does not fit its schema`, { cause: result.error });
}

function checkedHeaders({ operationId, answerHeaders = {} }: Endpoint, { headers = {} }: GivenAnswer) {
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(answerHeaders, name)) {
      throw new Error(`${operationId}: its handler answered with the header ${name}, which it does not name`);
    }
    sent[name] = value;
  }
  return sent;
}
