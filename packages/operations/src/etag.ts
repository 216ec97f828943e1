import { createHash } from "node:crypto";
import type { TaskInfo, UnreadableTaskInfo } from "hikyaku";

/**
 * Names a task as it is. It changes with everything that is kept of the task, but not with what only passes: its age, and
 * how long its lease still runs.
 */
export function etagOf(task: TaskInfo | UnreadableTaskInfo): string {
  const digest = createHash("sha256");
  for (const [name, value] of Object.entries(task).sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (name !== "ageMs" && name !== "holder") digest.update(`${name}:${JSON.stringify(value, asText) ?? ""}\n`);
  }
  return `"${digest.digest("base64url").slice(0, 27)}"`;
}

/** Whether `If-Match` names this. A weak tag never matches. */
export function matches(ifMatch: string, etag: string): boolean {
  return ifMatch.split(",").some((one) => one.trim() === etag || one.trim() === "*");
}

function asText(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
