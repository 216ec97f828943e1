import type { EndpointData, InputOf, taskConditions, taskEndpoints } from "@hikyaku/contract";
import type { TaskConditions, TaskSearch } from "hikyaku";
import type * as z from "zod";
import { type Mask, touches } from "./presenters/mask.ts";
import { RequestProblem } from "./problems/request-problem.ts";

type Query = InputOf<(typeof taskEndpoints)["searchTasks"] & EndpointData>["query"];

/** What a query asks for, as the inspector takes it, but for the queues. */
export function searchOf(query: Query): TaskSearch {
  const { limit, cursor } = query;
  return { limit, ...listsOf(query), ...conditionsOf(query), ...(cursor !== undefined && { cursor }) };
}

/** The queues, states and group that are asked for. */
export function placesOf(query: z.output<typeof taskConditions>): Pick<TaskSearch, "queues" | "states" | "group"> {
  const { queue } = query;
  return { ...listsOf(query), ...(queue !== undefined && { queues: queue }) };
}

function listsOf({ state, group }: z.output<typeof taskConditions>): Pick<TaskSearch, "states" | "group"> {
  return {
    ...(state !== undefined && { states: state }),
    ...(group !== undefined && { group }),
  };
}

/** What else is asked of the tasks. */
export function conditionsOf(query: z.output<typeof taskConditions>): TaskConditions {
  const { type, id_prefix: idPrefix, error, from, before } = query;
  const payload = query.payload ?? bytesOf(query.payload_base64);
  const { payload_path: path, payload_value: value } = query;
  return {
    ...(type !== undefined && { type }),
    ...(idPrefix !== undefined && { idPrefix }),
    ...(error !== undefined && { error }),
    ...(payload !== undefined && { payload }),
    ...(path !== undefined &&
      value !== undefined && { payloadValue: { path: path.split("."), value: wantedValue(value) } }),
    ...(from !== undefined && { from }),
    ...(before !== undefined && { before }),
  };
}

/**
 * Who may not see payloads must not find out by searching what is in them.
 * @throws RequestProblem `forbidden`.
 */
export function insistOnSight(
  mask: Mask,
  { payload, payload_base64: bytes, payload_value: value }: z.output<typeof taskConditions>,
): void {
  const searches = payload !== undefined || bytes !== undefined || value !== undefined;
  if (!searches || !touches(mask, "payloads")) return;
  throw new RequestProblem("forbidden", "Parts of payloads are hidden from you, so you can't search in them.");
}

function bytesOf(base64: string | undefined): Uint8Array | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, "base64");
}

/** `42` is a number, `"42"` a text, and so is everything that is no JSON. */
function wantedValue(text: string): string | number | boolean | null {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      return value;
  } catch {
    // A text.
  }
  return text;
}
