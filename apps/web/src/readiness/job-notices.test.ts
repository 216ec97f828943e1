import type { FindingWorker, Readiness, ReadinessFinding } from "@hikyaku/contract";
import { describe, expect, it } from "vitest";
import { noticesOf, workersIn } from "./job-notices.ts";

const worker = (pid: number): FindingWorker => ({
  id: `server-${pid}`,
  host: "vm",
  pid,
  directory: "/srv/shop",
  version: "0.1.0",
  build: "edca9d4",
  started_at: "2026-11-28T14:00:00.000Z",
});
const readiness = (...findings: readonly ReadinessFinding[]): Readiness => ({
  status: "ready",
  level: "warning",
  checks: [{ name: "workers", level: "warning", findings: [...findings] }],
});
const one = { paused: false, workers: 1 };
const two = { paused: false, workers: 2 };
const several: ReadinessFinding = {
  code: "several_workers",
  level: "warning",
  count: 2,
  workers: [worker(1), worker(2)],
};
const warning = (kind: "other_build" | "other_directory" | "older_process"): ReadinessFinding => ({
  code: "worker_warning",
  level: "warning",
  warning: { kind, worker: worker(1), beside: worker(2), queues: ["default"] },
});
const silent: ReadinessFinding = {
  code: "worker_warning",
  level: "warning",
  warning: { kind: "silent", worker: worker(1), silent_since: "2026-11-28T14:00:00.000Z" },
};

describe("the notice of the job page", () => {
  it("is none with one worker, and before anything is known", () => {
    expect(noticesOf(one, readiness({ code: "one_worker", level: "ok", worker: worker(1) }))).toEqual([]);
    expect(noticesOf(undefined, undefined)).toEqual([]);
  });

  it("says first that the server or the store does not answer: the rest can't be known then", () => {
    expect(noticesOf(two, "none")).toEqual([{ code: "server_away" }]);
    const away: Readiness = {
      status: "not_ready",
      level: "error",
      checks: [{ name: "job_queue_store", level: "error" }],
    };
    expect(noticesOf({ paused: false, workers: 0 }, away)).toEqual([{ code: "store_away" }]);
  });

  it("says that nobody works on the queue, or that it is paused", () => {
    expect(noticesOf({ paused: false, workers: 0 }, undefined)).toEqual([{ code: "no_worker" }]);
    expect(noticesOf(undefined, readiness({ code: "no_worker", level: "warning" }))).toEqual([{ code: "no_worker" }]);
    expect(noticesOf({ paused: true, workers: 1 }, undefined)).toEqual([{ code: "queue_paused" }]);
  });

  it("believes the queue's own count: a worker of other queues does not help", () => {
    const elsewhere = readiness({ code: "one_worker", level: "ok", worker: worker(1) });
    expect(noticesOf({ paused: false, workers: 0 }, elsewhere)).toEqual([{ code: "no_worker" }]);
  });

  it("names several workers, and the worst of how they differ", () => {
    expect(noticesOf(two, readiness(several, warning("other_directory"), warning("other_build")))).toMatchObject([
      { code: "several_workers", count: 2, difference: "other_build", workers: [{ pid: 1 }, { pid: 2 }] },
    ]);
    expect(noticesOf(two, readiness(several, warning("older_process")))).toMatchObject([
      { difference: "older_process" },
    ]);
    expect(noticesOf(two, readiness(several))).toMatchObject([{ difference: undefined }]);
  });

  it("is none with several processes of one worker program, unless they differ", () => {
    const workers = [worker(1), worker(2)];
    const program: ReadinessFinding = { code: "several_processes", level: "ok", count: 2, workers };
    expect(noticesOf(two, readiness(program))).toEqual([]);
    const levels: Readiness = { status: "ready", level: "ok", checks: [{ name: "workers", level: "ok" }] };
    expect(noticesOf(two, levels)).toEqual([]);
    expect(noticesOf(two, readiness(program, silent))).toMatchObject([{ code: "silent_worker" }]);
    expect(noticesOf(two, readiness(program, warning("other_build")))).toMatchObject([{ difference: "other_build" }]);
  });

  it("counts several workers also for somebody who may not know who they are", () => {
    const levels: Readiness = { status: "ready", level: "warning", checks: [{ name: "workers", level: "warning" }] };
    expect(noticesOf(two, levels)).toMatchObject([{ code: "several_workers", count: 2, workers: [] }]);
  });

  it("tells a worker whose process is gone from one that is only not heard of", () => {
    const gone: ReadinessFinding = {
      code: "worker_warning",
      level: "warning",
      warning: { kind: "gone", worker: worker(2) },
    };
    expect(noticesOf(one, readiness(gone, silent))).toMatchObject([
      { code: "gone_worker", warnings: [{ kind: "gone" }] },
      { code: "silent_worker", warnings: [{ kind: "silent" }] },
    ]);
    expect(noticesOf(one, readiness(silent))).toMatchObject([{ code: "silent_worker" }]);
  });
});

it("who works is something else when a worker comes or goes, and is not known without an answer", () => {
  const alone = readiness({ code: "one_worker", level: "ok", worker: worker(1) });
  expect(workersIn(alone)).toBe(workersIn(readiness({ code: "one_worker", level: "ok", worker: worker(2) })));
  expect(workersIn(alone)).not.toBe(workersIn(readiness(several)));
  expect(workersIn(readiness(several))).not.toBe(workersIn(readiness({ ...several, count: 3 })));
  expect(workersIn("none")).toBeUndefined();
});
