import { randomUUID } from "node:crypto";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID for a request: the id that its server gave it, if that is a UUID. */
export function requestIdOf(id?: string): string {
  return id !== undefined && uuid.test(id) ? id : randomUUID();
}
