import { useState } from "react";
import { readStored, writeStored } from "../browser-storage.ts";
import { parseSessionJobs, type RegisteredJob, withSessionJob } from "./session-jobs.ts";

const KEY = "hikyaku.session-jobs";

/** The jobs that this tab registered, newest first, and a function that adds one. They survive a reload. */
export function useSessionJobs(): readonly [readonly RegisteredJob[], (job: RegisteredJob) => void] {
  const [jobs, setJobs] = useState(() => parseSessionJobs(readStored("session", KEY)));
  const add = (job: RegisteredJob) => {
    const next = withSessionJob(jobs, job);
    setJobs(next);
    writeStored("session", KEY, JSON.stringify(next));
  };
  return [jobs, add];
}
