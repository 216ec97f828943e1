import { refuseUnknownOptions } from "../option-names.ts";
import type { EnqueueRequest } from "../task/task.ts";

const requestNames: ReadonlySet<string> = new Set<keyof EnqueueRequest>(["task", "payload", "options"]);

/**
 * Refuses what a definition's `with` does not make: with a slip in the name of `options` a request would be enqueued without
 * them. `of` begins the message.
 * @throws HikyakuError `invalid_option`.
 */
export function refuseOtherParts(of: string, request: object | undefined): void {
  for (const name in request) {
    if (!requestNames.has(name)) refuseUnknownOptions(of, request, requestNames);
  }
}
