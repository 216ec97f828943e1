import type { EndpointData, InputOf, taskEndpoints } from "@hikyaku/contract";
import type { TaskSearch } from "hikyaku";

type Query = InputOf<(typeof taskEndpoints)["searchTasks"] & EndpointData>["query"];

/** What a query asks for, as the inspector takes it, but for the queues. */
export function searchOf(query: Query): TaskSearch {
  const { state, group, type, id_prefix: idPrefix, error, from, before, limit, cursor } = query;
  const payload = query.payload ?? bytesOf(query.payload_base64);
  const { payload_path: path, payload_value: value } = query;
  return {
    limit,
    ...(state !== undefined && { states: state }),
    ...(group !== undefined && { group }),
    ...(type !== undefined && { type }),
    ...(idPrefix !== undefined && { idPrefix }),
    ...(error !== undefined && { error }),
    ...(payload !== undefined && { payload }),
    ...(path !== undefined &&
      value !== undefined && { payloadValue: { path: path.split("."), value: wantedValue(value) } }),
    ...(from !== undefined && { from }),
    ...(before !== undefined && { before }),
    ...(cursor !== undefined && { cursor }),
  };
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
