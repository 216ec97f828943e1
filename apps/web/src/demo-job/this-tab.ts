import { api } from "../api/client.ts";
import { readStored, writeStored } from "../browser-storage.ts";
import type { AskLog, PageSight } from "./job-follower.ts";
import { ServerClock } from "./server-clock.ts";
import { SessionJobStore } from "./session-job-store.ts";

const KEY = "hikyaku.session-jobs";

/** The jobs that this tab sent. They survive a reload, not the tab. */
export const tabJobs = new SessionJobStore({
  read: () => readStored("session", KEY),
  write: (text) => writeStored("session", KEY, text),
});

/** The server's clock, for all pages of the tab. */
export const serverClock = new ServerClock();

/** What the tab asked in the last hour, whichever of its pages asked. */
export const tabAsked: AskLog = { atMs: [] };

/** Whether this tab can be seen. */
export const tabSight: PageSight = {
  isHidden: () => document.visibilityState === "hidden",
  onShown: (callback) => {
    const look = () => {
      if (document.visibilityState === "visible") callback();
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  },
};

/** What sending a job from this tab needs. */
export const tabParts = { api, store: tabJobs, clock: serverClock };
