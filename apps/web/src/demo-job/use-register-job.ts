import { type RegisterDemoJobRequest, resolveDemoJob } from "@hikyaku/contract";
import { useMutation } from "@tanstack/react-query";
import type { ApiError } from "../api/api-failure.ts";
import { api } from "../api/client.ts";
import type { RegisteredJob } from "./session-jobs.ts";

/** A job as the server registered it, and when, by the browser's clock. */
export interface Registration {
  readonly job: RegisteredJob;
  readonly registeredAtMs: number;
}

/** Registers a job and tells the caller about it. Never repeats a call by itself. */
export function useRegisterJob(onRegistered: (job: RegisteredJob) => void) {
  return useMutation<Registration, ApiError, RegisterDemoJobRequest>({
    mutationFn: async (request) => {
      const { job_id: jobId } = await api.registerDemoJob(request);
      const registeredAtMs = Date.now();
      const { message, delaySeconds, maxRetry } = resolveDemoJob(request);
      return { job: { jobId, message, maxRetry, dueAtMs: registeredAtMs + delaySeconds * 1000 }, registeredAtMs };
    },
    onSuccess: ({ job }) => onRegistered(job),
  });
}
