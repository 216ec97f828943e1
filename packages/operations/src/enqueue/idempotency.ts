import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { GivenTask } from "./given-task.ts";

/** How long a task with a key is kept after it has succeeded, so that its key is remembered. */
export const KEY_RETENTION_MS = 24 * 3_600_000;

/**
 * The id of the task that a key stands for: a UUID of version 8, the same in every process. So the store itself refuses
 * a second one.
 */
export function idOfKey(key: string, type: string, queue: string): string {
  const digest = createHash("sha256")
    .update(JSON.stringify(["hikyaku idempotency key", queue, type, key]))
    .digest();
  digest[6] = 0x80 | ((digest[6] ?? 0) & 0x0f);
  digest[8] = 0x80 | ((digest[8] ?? 0) & 0x3f);
  const hex = digest.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/** Whether a stored payload is the one that is given. JSON is compared by what it says, not by how it is written. */
export function isSamePayload({ payload }: Pick<GivenTask, "payload">, stored: Uint8Array | undefined): boolean {
  const bytes = Buffer.from(stored ?? []);
  if (payload instanceof Uint8Array) return bytes.equals(payload);
  if (payload === undefined) return bytes.length === 0;
  const text = JSON.stringify(payload);
  if (bytes.equals(Buffer.from(text))) return true;
  try {
    return isDeepStrictEqual(JSON.parse(bytes.toString()), JSON.parse(text));
  } catch {
    return false;
  }
}
