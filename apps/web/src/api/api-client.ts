import {
  DEMO_JOBS_PATH,
  type DemoJobsView,
  demoJobsView,
  PROBLEM_CONTENT_TYPE,
  problem,
  READINESS_PATH,
  REGISTER_DEMO_JOB_PATH,
  type Readiness,
  type RegisterDemoJobRequest,
  type RegisterDemoJobResponse,
  readiness,
  registerDemoJobResponse,
} from "@hikyaku/contract";
import { ApiError, type ApiFailure } from "./api-failure.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** Where the API server is and how long it may take. */
export interface ApiClientOptions {
  /** Put before every path. Default: empty, the server that the page came from. */
  readonly origin?: string;
  /** From sending to the end of the answer. Default: 10,000 ms. */
  readonly deadlineMs?: number;
}

interface Call {
  readonly method: "GET" | "POST";
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, or undefined if it is not JSON. */
  readonly json: unknown;
}

/** The pages' only way to the API server. Every method throws {@link ApiError}, or the caller's own abort reason. */
export class ApiClient {
  readonly #origin: string;
  readonly #deadlineMs: number;

  constructor({ origin = "", deadlineMs = 10_000 }: ApiClientOptions = {}) {
    this.#origin = origin;
    this.#deadlineMs = deadlineMs;
  }

  /** Registers one job. Never repeated by itself; repeating it with the same `job_id` never makes a second job. */
  async registerDemoJob(request: RegisterDemoJobRequest, signal?: AbortSignal): Promise<RegisterDemoJobResponse> {
    const answer = await this.#call(REGISTER_DEMO_JOB_PATH, { method: "POST", body: request, signal });
    const registered = registerDemoJobResponse.safeParse(answer.json);
    if (answer.status === 201 && registered.success) return registered.data;
    throw new ApiError(refusalIn(answer));
  }

  /** Asks for the state of some jobs, and of their queue. Without ids: only of the queue. */
  async demoJobs(jobIds: readonly string[], signal?: AbortSignal): Promise<DemoJobsView> {
    const query = new URLSearchParams({ job_ids: jobIds.join(",") });
    const answer = await this.#call(`${DEMO_JOBS_PATH}?${query}`, { method: "GET", signal });
    const parsed = demoJobsView.safeParse(answer.json);
    if (answer.status === 200 && parsed.success) return parsed.data;
    throw new ApiError(refusalIn(answer));
  }

  /** Asks whether the server can serve. "Not ready" is an answer, not an error. */
  async readiness(signal?: AbortSignal): Promise<Readiness> {
    const answer = await this.#call(READINESS_PATH, { method: "GET", signal });
    const parsed = readiness.safeParse(answer.json);
    if ((answer.status === 200 || answer.status === 503) && parsed.success) return parsed.data;
    throw new ApiError(refusalIn(answer));
  }

  async #call(path: string, { method, body, signal }: Call): Promise<Answer> {
    // Being offline forbids nothing: the server may run on this machine. It only explains a failure.
    const wasOffline = navigator.onLine === false;
    const deadline = AbortSignal.timeout(this.#deadlineMs);
    const init: RequestInit = {
      method,
      headers: { accept: `application/json, ${PROBLEM_CONTENT_TYPE}` },
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    };
    if (body !== undefined) {
      init.headers = { ...init.headers, "content-type": "application/json" };
      init.body = JSON.stringify(body);
    }
    try {
      const response = await fetch(this.#origin + path, init);
      return { status: response.status, headers: response.headers, json: parseJson(await response.text()) };
    } catch (cause) {
      signal?.throwIfAborted();
      if (deadline.aborted) {
        throw new ApiError({ kind: "timed-out", deadlineSeconds: this.#deadlineMs / 1000 }, { cause });
      }
      throw new ApiError({ kind: wasOffline ? "offline" : "unreachable" }, { cause });
    }
  }
}

function refusalIn({ status, headers, json }: Answer): ApiFailure {
  if (status === 429) {
    return { kind: "rate-limited", retryAfterSeconds: parseRetryAfter(headers.get("retry-after"), Date.now()) };
  }
  // Only problem details come from our own server. A proxy's 503 or 422 says nothing about what was registered.
  const details = problem.safeParse(json);
  if (!details.success) return { kind: "unexpected", status, detail: "" };
  const { code, detail, errors } = details.data;
  if (status === 422) return { kind: "invalid", detail, errors: errors ?? [] };
  if (status === 503) return { kind: "unavailable", code, detail };
  // 409 tells of what is stored. It does not prove that nothing was.
  if (status < 500 && status !== 409) return { kind: "refused", status, code, detail };
  return { kind: "unexpected", status, detail };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
