import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { api } from "../api/client.ts";
import { type FollowState, JobFollower } from "./job-follower.ts";
import type { SessionJobStore } from "./session-job-store.ts";
import type { SessionJob } from "./session-jobs.ts";
import { serverClock, tabAsked, tabSight } from "./this-tab.ts";

/** Jobs as they are now, and how fresh that is. */
export interface FollowedJobs {
  readonly jobs: readonly SessionJob[];
  readonly follow: FollowState;
  /** Asks the server as soon as the limits allow it. */
  readonly askSoon: () => void;
}

/**
 * Follows the jobs of a store as long as the component is there. `workers` stands for who works: when it changes, the
 * queue is asked about anew.
 */
export function useFollowedJobs(store: SessionJobStore, workers: string | undefined): FollowedJobs {
  const follower = useMemo(
    () => new JobFollower({ api, store, clock: serverClock, page: tabSight, asked: tabAsked }),
    [store],
  );
  useEffect(() => follower.start(), [follower]);
  const known = useRef(workers);
  useEffect(() => {
    if (known.current !== undefined && workers !== known.current) follower.askSoon();
    known.current = workers;
  }, [follower, workers]);
  const jobs = useSyncExternalStore(store.subscribe, store.jobs);
  const follow = useSyncExternalStore(follower.subscribe, follower.state);
  return { jobs, follow, askSoon: () => follower.askSoon() };
}
