import { refuseUnknownOptions } from "../option-names.ts";
import type { EnqueueRequest } from "../task/task.ts";

const requestNames: ReadonlySet<string> = new Set<keyof EnqueueRequest>(["task", "payload", "options"]);

/**
 * Refuses a request with parts that a definition's `with` does not make. With a misspelt `options` it would be enqueued
 * without its options. `of` begins the message.
 * @throws HikyakuError `invalid_option`.
 */
export function refuseOtherParts(of: string, request: object | undefined): void {
  for (const name in request) {
    // Compared one by one: each request of `enqueueMany` comes through here, and a set takes twice as long.
    if (name !== "task" && name !== "payload" && name !== "options") refuseUnknownOptions(of, request, requestNames);
  }
}
