import { type Endpoint, endpoint, enqueueOfTypeRequest } from "@hikyaku/contract";
import type { TaskDefinition } from "hikyaku";
import * as z from "zod";
import { inputSchemaOf, type JsonSchema } from "../presenters/json-schema.ts";
import { withoutReferences } from "../presenters/without-references.ts";
import type { Route } from "../route.ts";

/** Types that an address holds as they are. Others are enqueued by the common endpoint only. */
const plainType = /^[\w.:-]+$/;

/** The endpoint that those of single types are made from. */
const commonId = "enqueue-task";

/**
 * An endpoint of its own for each type with a definition, so that descriptions of the API show its payload. It does
 * what the common endpoint does. None where the common one is not served.
 */
export function typeRoutesOf(definitions: Iterable<TaskDefinition>, routes: readonly Route[]): readonly Route[] {
  const common = routes.find(({ endpoint: { operationId } }) => operationId === commonId);
  if (common === undefined) return [];
  const taken = new Set(routes.map(({ endpoint: { operationId } }) => operationId));
  return [...definitions]
    .filter(({ type }) => plainType.test(type))
    .map((definition) => ({
      endpoint: endpointOf(definition, common.endpoint, taken),
      taskType: definition.type,
      run: (context, raw) => common.run(context, { ...raw, params: { type: definition.type } }),
    }));
}

/**
 * The endpoint of a request's own type, where the address led to the common one, as one with `%3A` for a colon does. Any
 * other route stays.
 */
export function ownRoute(route: Route, params: unknown, routes: readonly Route[]): Route {
  if (route.endpoint.operationId !== commonId || typeof params !== "object" || params === null) return route;
  const type = "type" in params ? params.type : undefined;
  return (type === undefined ? undefined : routes.find(({ taskType }) => taskType === type)) ?? route;
}

/** The operations by whose switches a route goes: its own, and the common one where it was made from that. */
export function switchesOf({ endpoint: { operationId }, taskType }: Route): readonly string[] {
  return taskType === undefined ? [operationId] : [operationId, commonId];
}

function endpointOf({ type, payload }: TaskDefinition, common: Endpoint, taken: Set<string>): Endpoint {
  const words = type.replaceAll(/[^A-Za-z0-9]+/g, "-");
  let operationId = `enqueue-${words}`;
  for (let number = 2; taken.has(operationId); number++) operationId = `enqueue-${words}-${number}`;
  taken.add(operationId);
  const { params: _params, ...rest } = common;
  const schema = inputSchemaOf(payload);
  return endpoint({
    ...rest,
    operationId,
    summary: `Enqueue a task "${type}"`,
    path: `/types/${type}/tasks`,
    ...(schema !== undefined && { body: bodyWith(type, schema) }),
  });
}

/** The common endpoint checks what is sent. This only describes it. */
function bodyWith(type: string, schema: JsonSchema): z.ZodType {
  const payload = z.unknown().meta(withoutReferences(schema));
  return z.strictObject({ ...enqueueOfTypeRequest.shape, payload }).meta({
    title: `A task "${type}"`,
    description: "Its payload and how to enqueue it.",
  });
}
