import type { RegisterDemoJobRequest } from "@hikyaku/contract";
import { describe, expect, it } from "vitest";
import { ApiError, type ApiFailure } from "../api/api-failure.ts";
import { sendJob } from "./send-job.ts";
import { ServerClock } from "./server-clock.ts";
import { SessionJobStore } from "./session-job-store.ts";

const frozen: ApiFailure = { kind: "unavailable", code: "deadline_exceeded", detail: "" };
const away: ApiFailure = { kind: "unavailable", code: "broker_unavailable", detail: "" };

/** A server that answers each call as told, in turn, and remembers what came. */
function setup(...answers: readonly (ApiFailure | "registered")[]) {
  const sent: RegisterDemoJobRequest[] = [];
  const left = [...answers];
  let shelved: string | null = null;
  const store = new SessionJobStore({
    read: () => null,
    write: (text) => {
      shelved = text;
    },
  });
  const parts = {
    store,
    clock: new ServerClock(),
    api: {
      async registerDemoJob(request: RegisterDemoJobRequest) {
        sent.push(request);
        const answer = left.shift();
        if (answer !== "registered") throw new ApiError(answer ?? away);
        return { job_id: request.job_id ?? "", status: "registered" as const };
      },
    },
  };
  const only = () => {
    const [job] = store.jobs();
    if (job === undefined || store.jobs().length > 1) throw new Error("expected one job");
    return job;
  };
  return { parts, sent, only, store, shelved: () => shelved };
}

describe("pressing the button", () => {
  it("sends an id of the page's own and keeps the job before the answer is there", async () => {
    const { parts, sent, only, shelved } = setup("registered");
    const sending = sendJob(parts, { message: "hello" }, undefined);
    expect(only().fate).toBe("sending");
    expect(shelved()).toContain(only().jobId);
    expect(await sending).toEqual({ kind: "kept", jobId: only().jobId });
    expect(sent).toEqual([{ message: "hello", job_id: only().jobId }]);
    expect(only().fate).toBe("registered");
  });

  it("twice on a frozen store sends one id, and the job is registered when the store is back", async () => {
    const { parts, sent, only } = setup(frozen, away, "registered");
    await sendJob(parts, {}, undefined);
    expect(only()).toMatchObject({ fate: "perhaps", failure: { reason: "store_silent" } });
    await sendJob(parts, {}, only());
    expect(only()).toMatchObject({ fate: "perhaps", failure: { reason: "store_away" } });
    await sendJob(parts, {}, only());
    expect(only().fate).toBe("registered");
    expect(only().failure).toBeUndefined();
    expect(new Set(sent.map((request) => request.job_id)).size).toBe(1);
  });

  it("says that nothing was stored only when the server does", async () => {
    const { parts, only } = setup(away);
    await sendJob(parts, {}, undefined);
    expect(only().fate).toBe("not_stored");
  });

  it("leaves no card where the server refused the request, and keeps one that may be stored", async () => {
    const limited: ApiFailure = { kind: "rate-limited", retryAfterSeconds: 5 };
    const { parts, store, only } = setup(limited, frozen, limited);
    expect(await sendJob(parts, {}, undefined)).toMatchObject({ kind: "refused", failure: limited });
    expect(store.jobs()).toEqual([]);
    await sendJob(parts, {}, undefined);
    const { failure } = only();
    expect(await sendJob(parts, {}, only())).toMatchObject({ kind: "refused" });
    expect(only()).toMatchObject({ fate: "perhaps", failure: { ...failure, reason: "refused" } });
  });
});
