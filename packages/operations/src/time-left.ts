import type { Duration } from "hikyaku";
import type { OperationsContext } from "./context.ts";

/** Kept for the answer itself, so that what was done so far can still be told. */
const answerMs = 500;

/** How long a change in slices may go on, so that it ends by itself before the endpoint's time is up. */
export function timeLeft({ deadlineAt }: Pick<OperationsContext, "deadlineAt">): Duration {
  return { ms: Math.max(1, deadlineAt - Date.now() - answerMs) };
}
