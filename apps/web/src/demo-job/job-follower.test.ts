import type { DemoJobsView, DemoJobView } from "@hikyaku/contract";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { at, aView, START_MS } from "../../test/a-view.ts";
import { ApiError, type ApiFailure } from "../api/api-failure.ts";
import { JobFollower } from "./job-follower.ts";
import { ServerClock } from "./server-clock.ts";
import { SessionJobStore } from "./session-job-store.ts";
import { type SessionJob, sentJob } from "./session-jobs.ts";

beforeEach(() => {
  // The browser's clock is three hours ahead of the server's.
  vi.useFakeTimers({
    toFake: ["Date", "performance", "setTimeout", "clearTimeout"],
    now: START_MS + 3 * 3_600_000,
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const registered: SessionJob = { ...sentJob("job-1", {}, START_MS), fate: "registered" };
const counting = { reason: "not_due", since: null, until: at(180) } as const;

/** A server whose time goes on with the fake clock, and whose answer the test can change. */
function setup(jobs: readonly SessionJob[] = [registered]) {
  const store = new SessionJobStore(undefined, jobs);
  const began = performance.now();
  const server = {
    asked: [] as { readonly second: number; readonly ids: readonly string[] }[],
    view: aView({ waiting: counting }) as DemoJobView | undefined,
    failure: undefined as ApiFailure | undefined,
    second: () => Math.round((performance.now() - began) / 100) / 10,
    async demoJobs(ids: readonly string[]): Promise<DemoJobsView> {
      server.asked.push({ second: server.second(), ids });
      if (server.failure) throw new ApiError(server.failure);
      const { view } = server;
      const now = at(server.second());
      const queue = { paused: false, workers: 1 };
      return { jobs: view && ids.length > 0 ? [view] : [], missing: view ? [] : [...ids], queue, now };
    },
  };
  const page = {
    hidden: false,
    shown: () => {},
    isHidden: () => page.hidden,
    onShown(callback: () => void) {
      page.shown = callback;
      return () => {};
    },
  };
  const follower = new JobFollower({ api: server, store, clock: new ServerClock(), page, asked: { atMs: [] } });
  const stop = follower.start();
  onTestFinished(stop);
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
  return { store, server, page, follower, pass, stop, asks: () => server.asked.map(({ second }) => second) };
}

describe("the follower", () => {
  it("asks less and less while a job counts down, and looks closely at its time", async () => {
    const { server, pass, asks, store } = setup();
    await pass(179);
    const before = asks().length;
    expect(before).toBeLessThan(45);
    expect(asks().slice(0, 4)).toEqual([0, 1, 2, 3]);
    server.view = aView({ state: "completed", printed_at: at(180.02), waiting: null });
    await pass(2);
    expect(store.jobs()[0]?.view?.state).toBe("completed");
    expect(asks().at(-1)).toBeLessThan(180.5);
    await pass(600);
    expect(asks().length).toBe(before + 1);
  });

  it("asks for all jobs in one request, and for none that is over", async () => {
    const done: SessionJob = { ...registered, jobId: "done", view: aView({ state: "completed" }) };
    const perhaps: SessionJob = { ...registered, jobId: "perhaps", fate: "perhaps" };
    const { server, pass } = setup([registered, done, perhaps, { ...registered, jobId: "no", fate: "not_stored" }]);
    await pass(0);
    expect(server.asked).toEqual([{ second: 0, ids: ["job-1", "perhaps"] }]);
  });

  it("asks once about the queue where there is no job", async () => {
    const { follower, pass, asks } = setup([]);
    await pass(900);
    expect(asks()).toEqual([0]);
    expect(follower.state().queue).toEqual({ paused: false, workers: 1 });
  });

  it("asks nothing while the page is hidden, and at once when it is seen again", async () => {
    const { page, pass, asks } = setup();
    await pass(0);
    page.hidden = true;
    await pass(300);
    expect(asks()).toEqual([0]);
    page.hidden = false;
    page.shown();
    await pass(0);
    expect(asks()).toEqual([0, 300]);
  });

  it("keeps what it knows when the store is away, says since when, and goes on when it is back", async () => {
    const { server, follower, store, pass } = setup();
    await pass(0.5);
    server.failure = { kind: "unavailable", code: "broker_unavailable", detail: "" };
    await pass(30);
    expect(follower.state()).toMatchObject({ failure: { kind: "unavailable" }, answeredAtMs: START_MS });
    expect(store.jobs()[0]?.view?.state).toBe("scheduled");
    server.failure = undefined;
    await pass(16);
    expect(follower.state().failure).toBeUndefined();
  });

  it("is silent for as long as the server wants it", async () => {
    const { server, follower, pass, asks } = setup();
    server.failure = { kind: "rate-limited", retryAfterSeconds: 40 };
    await pass(39);
    expect(asks()).toEqual([0]);
    follower.askSoon();
    server.failure = undefined;
    await pass(1.5);
    expect(asks()).toEqual([0, 40]);
    expect(follower.state().silentUntilMs).toBeUndefined();
  });

  it("finds a job that is perhaps registered", async () => {
    const { server, store, pass } = setup([{ ...registered, fate: "perhaps" }]);
    server.view = undefined;
    await pass(1.5);
    expect(store.jobs()[0]?.fate).toBe("perhaps");
    server.view = aView({ waiting: counting });
    await pass(10);
    expect(store.jobs()[0]).toMatchObject({ fate: "registered", view: { state: "scheduled" } });
  });

  it("asks nothing any more once it is stopped", async () => {
    const { stop, pass, asks } = setup();
    await pass(0);
    stop();
    await pass(60);
    expect(asks()).toEqual([0]);
  });
});
