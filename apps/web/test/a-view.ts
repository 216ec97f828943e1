import type { DemoJobAttempt, DemoJobView, DemoJobWorker } from "@hikyaku/contract";

/** 14:00:00 of a day, in UTC: the moment that the builders count from. */
export const START_MS = Date.parse("2026-11-28T14:00:00.000Z");

/** A moment, `seconds` after {@link START_MS}. */
export function at(seconds: number): string {
  return new Date(START_MS + seconds * 1000).toISOString();
}

export const aWorker: DemoJobWorker = {
  server_id: "server-1",
  host: "vm",
  pid: 3286,
  directory: "/srv/shop",
  build: "edca9d4",
  version: "0.1.0",
  started_at: at(-3600),
};

/** An attempt from one second to another. */
export function anAttempt(
  number: number,
  outcome: DemoJobAttempt["outcome"],
  [from, to]: readonly [number, number],
  worker: DemoJobWorker | null = aWorker,
): DemoJobAttempt {
  const error = outcome === "completed" ? null : "Error: no";
  return { number, outcome, started_at: at(from), ended_at: at(to), error, worker };
}

/** A job that was registered at second 0 and is due at second 180, seen at second 0. */
export function aView(more: Partial<DemoJobView> = {}): DemoJobView {
  return {
    job_id: "job-1",
    message: "hello",
    state: "scheduled",
    registered_at: at(0),
    due_at: at(180),
    printed_at: null,
    archived_at: null,
    kept_until: null,
    max_retry: 10,
    retried: 0,
    waiting: null,
    running: null,
    attempts: [],
    workers: 1,
    details_shown: true,
    now: at(0),
    ...more,
  };
}
