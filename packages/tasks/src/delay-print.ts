import { DEFAULT_MAX_RETRY } from "@hikyaku/contract";
import { defineTask } from "hikyaku";
import * as z from "zod";

/** Prints its message on the worker's stdout, after the delay that it was enqueued with. */
export const delayPrint = defineTask({
  type: "demo:delay_print",
  payload: z.object({ message: z.string() }),
  queue: "default",
  maxRetry: DEFAULT_MAX_RETRY,
  timeout: "1m",
});
