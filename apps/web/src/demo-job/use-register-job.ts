import type { RegisterDemoJobRequest } from "@hikyaku/contract";
import { useMutation } from "@tanstack/react-query";
import { type Sending, sendJob } from "./send-job.ts";
import { jobToSendAgain, type SessionJob } from "./session-jobs.ts";
import { tabJobs, tabParts } from "./this-tab.ts";

interface Press {
  readonly request: RegisterDemoJobRequest;
  /** The card whose button was pressed. Undefined for the form's button. */
  readonly again?: SessionJob;
}

/** Registers a job, or sends one again under its id. Never repeats a call by itself. */
export function useRegisterJob() {
  return useMutation<Sending, Error, Press>({
    mutationFn: ({ request, again }) => sendJob(tabParts, request, again ?? jobToSendAgain(tabJobs.jobs(), request)),
  });
}
