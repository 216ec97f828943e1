import { DEFAULT_MAX_RETRY } from "@hikyaku/contract";
import { defineTask } from "hikyaku";
import * as z from "zod";

/**
 * Prints its message on the worker's stdout, after the delay that it was enqueued with. It is kept for a day
 * afterwards, so that its caller can find out when it was printed, and by whom.
 */
export const delayPrint = defineTask({
  type: "demo:delay_print",
  payload: z.object({ message: z.string() }),
  result: z.object({ printed_at: z.iso.datetime() }),
  queue: "default",
  maxRetry: DEFAULT_MAX_RETRY,
  timeout: "1m",
  retention: "1d",
});
