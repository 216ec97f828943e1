import { longestStack } from "../../broker/limits.ts";
import { cutText, longestShownError } from "../../cut-text.ts";

const mostCauses = 5;

/**
 * Where in the code an error came from: its stack, and those of its causes, at most 4,096 characters and a mark.
 * Undefined for a value that has none. Never throws.
 */
export function errorStack(thrown: unknown): string | undefined {
  const stacks: string[] = [];
  try {
    let error: unknown = thrown;
    for (let causes = 0; causes <= mostCauses && error instanceof Error; causes++) {
      const stack = stackOf(error);
      if (stack !== undefined) stacks.push(causes === 0 ? stack : `caused by: ${stack}`);
      error = error.cause;
    }
  } catch {
    // An error may be anything, even an object that throws when it is looked at.
  }
  return stacks.length === 0 ? undefined : cutText(stacks.join("\n"), longestStack).toWellFormed();
}

/** A long message is cut, so that the places in the code are not. */
function stackOf({ stack, message }: Error): string | undefined {
  if (typeof stack !== "string" || stack === "") return undefined;
  if (message.length <= longestShownError) return stack;
  const at = stack.indexOf(message);
  if (at < 0) return stack;
  return stack.slice(0, at) + cutText(message, longestShownError) + stack.slice(at + message.length);
}
