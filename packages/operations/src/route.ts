import type { AnswerOf, Endpoint, EndpointData, InputOf } from "@hikyaku/contract";
import type { OperationsContext } from "./context.ts";
import { checkedPart, type RequestPart } from "./problems/input-problem.ts";

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
  readonly body: unknown;
}

interface RouteAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** An endpoint with its handler. */
export interface Route {
  readonly endpoint: Endpoint;
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
      const answer: RouteAnswer = await handler(context, inputOf(endpoint, raw));
      return { status: answer.status, body: checkedAnswer(endpoint, answer) };
    },
  };
}

function inputOf<Data extends Endpoint>(endpoint: Data, raw: RawInput): InputOf<Data> {
  const part = (name: keyof InputOf<Data> & keyof RawInput, called: RequestPart): unknown => {
    const schema = endpoint[name];
    return schema === undefined ? undefined : checkedPart(schema, called, raw[name]);
  };
  // The schemas themselves say so.
  return { params: part("params", "path"), query: part("query", "query"), body: part("body", "body") } as InputOf<Data>;
}

/** An answer holds what the endpoint names, and nothing else. */
function checkedAnswer({ operationId, answers }: Endpoint, { status, body }: RouteAnswer): unknown {
  const schema = answers[status];
  if (schema === undefined) throw new Error(`${operationId}: its handler answered ${status}, which it does not name`);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Error(`${operationId}: what its handler answered does not fit its schema`, { cause: result.error });
}
