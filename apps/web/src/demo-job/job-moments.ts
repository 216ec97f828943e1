import { type DemoJobView, resolveDemoJob } from "@hikyaku/contract";
import type { SessionJob } from "./session-jobs.ts";

/** A moment of an answer in milliseconds; undefined for null. */
export function msOf(moment: string | null | undefined): number | undefined {
  return moment === null || moment === undefined ? undefined : Date.parse(moment);
}

/** When the job is due: as the store says, otherwise as it was asked. Undefined when nobody knows. */
export function dueMsOf({ view, request, sentAtMs, elsewhere }: SessionJob): number | undefined {
  if (view !== undefined) return msOf(view.due_at) ?? msOf(view.waiting?.until);
  return elsewhere ? undefined : sentAtMs + resolveDemoJob(request).delaySeconds * 1000;
}

/**
 * How long after its time something happened, in milliseconds; 0 means "at its time". A store with whole seconds, or
 * another clock, may tell a moment before the time: the delay is then not known.
 */
export function latenessMs(dueMs: number, atMs: number): number {
  const isWholeSecond = atMs % 1000 === 0;
  return isWholeSecond && atMs - dueMs < 1000 ? 0 : Math.max(0, atMs - dueMs);
}

/** When something should happen to the job: its time comes, its next attempt begins, its lease ends. */
export function expectedMoments(job: SessionJob): readonly number[] {
  const { view } = job;
  if (view === undefined) return definedOf([dueMsOf(job)]);
  if (isOverView(view)) return [];
  const leaseEndsMs = view.running?.lost ? msOf(view.running.lease_ends_at) : undefined;
  return definedOf([msOf(view.waiting?.until), msOf(view.waiting?.since), leaseEndsMs]);
}

function isOverView({ state }: DemoJobView): boolean {
  return state === "completed" || state === "archived";
}

function definedOf(moments: readonly (number | undefined)[]): readonly number[] {
  return moments.filter((moment) => moment !== undefined);
}
