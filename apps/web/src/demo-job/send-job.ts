import type { RegisterDemoJobRequest } from "@hikyaku/contract";
import type { ApiClient } from "../api/api-client.ts";
import { ApiError } from "../api/api-failure.ts";
import { newJobId } from "./job-id.ts";
import { fateOf, isRefusal, type Refusal } from "./registration-fate.ts";
import type { ServerClock } from "./server-clock.ts";
import type { SessionJobStore } from "./session-job-store.ts";
import { afterFailure, afterRegistration, changed, type SessionJob, sentJob, withJob } from "./session-jobs.ts";

/** What a registration needs. */
export interface SendingParts {
  readonly api: Pick<ApiClient, "registerDemoJob">;
  readonly store: SessionJobStore;
  readonly clock: ServerClock;
}

/** The result of a press. `kept`: a job is in the store of the page, whatever is known of it. */
export type Sending =
  | { readonly kind: "kept"; readonly jobId: string }
  | { readonly kind: "refused"; readonly failure: Refusal; readonly atMs: number };

/**
 * Sends a job to the server, or sends `again` under its id. Keeps what is known of the job in the store, before the
 * call and after it, so that a reload loses nothing. When the server refuses the request, a new job leaves the store; a
 * job that was sent before stays as it was.
 */
export async function sendJob(
  { api, store, clock }: SendingParts,
  request: RegisterDemoJobRequest,
  again: SessionJob | undefined,
): Promise<Sending> {
  const startedAtMs = performance.now();
  const nowMs = clock.nowMs();
  const jobId = again?.jobId ?? newJobId(nowMs);
  const wasPerhaps = again?.fate === "perhaps";
  if (again === undefined) store.update((jobs) => withJob(jobs, sentJob(jobId, request, nowMs)));
  else {
    // If two calls may both have stored it, the first one counts.
    const sentAtMs = wasPerhaps ? again.sentAtMs : nowMs;
    store.update((jobs) => changed(jobs, jobId, (job) => ({ ...job, sentAtMs, fate: "sending" })));
  }
  try {
    await api.registerDemoJob({ ...request, job_id: jobId });
    store.update((jobs) => changed(jobs, jobId, afterRegistration));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { failure } = error;
    const call = { waitedMs: performance.now() - startedAtMs, atMs: clock.nowMs(), wasPerhaps };
    const refused = isRefusal(failure);
    store.update((jobs) =>
      refused && again === undefined
        ? jobs.filter((job) => job.jobId !== jobId)
        : changed(jobs, jobId, (job) => afterFailure(job, fateOf(failure), call)),
    );
    if (refused) return { kind: "refused", failure, atMs: call.atMs };
  }
  return { kind: "kept", jobId };
}
