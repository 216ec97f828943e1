import { orderKinds, type ServerOrder } from "./control-facet.ts";

/** Reads an order from the text that a store kept. Undefined when it is not one, such as one of a newer release. */
export function readOrder(json: string): ServerOrder | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isOrder(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOrder(value: unknown): value is ServerOrder {
  if (typeof value !== "object" || value === null) return false;
  const { orderId, serverId, kind, at, by, reason, timeoutMs } = value as Record<string, unknown>;
  return (
    typeof orderId === "string" &&
    typeof serverId === "string" &&
    orderKinds.some((known) => known === kind) &&
    typeof at === "number" &&
    isSource(by) &&
    (reason === undefined || typeof reason === "string") &&
    (timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs >= 0))
  );
}

function isSource(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { host, pid, who } = value as Record<string, unknown>;
  return typeof host === "string" && typeof pid === "number" && (who === undefined || typeof who === "string");
}
