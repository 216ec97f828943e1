import type { FollowState } from "../../demo-job/job-follower.ts";
import { needsAsking, type SessionJob } from "../../demo-job/session-jobs.ts";
import { useLanguage } from "../../i18n/language-context.ts";
import { momentText } from "../../i18n/time-text.ts";

interface FollowNoteProps {
  readonly follow: FollowState;
  readonly nowMs: number;
  readonly jobs: readonly SessionJob[];
}

/** How fresh the page's knowledge is, in words. */
export function FollowNote({ follow, nowMs, jobs }: FollowNoteProps) {
  const { locale, messages } = useLanguage();
  const texts = messages.jobs;
  const { failure, silentUntilMs } = follow;
  if (!jobs.some((job) => needsAsking(job, nowMs))) return null;
  if (silentUntilMs !== undefined) {
    return <span className="text-again">{texts.slowed(momentText(silentUntilMs, nowMs, locale))}</span>;
  }
  const answeredAtMs = follow.answeredAtMs ?? lastAnswerMs(jobs);
  if (failure !== undefined) {
    const text =
      answeredAtMs === undefined ? texts.noAnswerYet : texts.notLive(momentText(answeredAtMs, nowMs, locale));
    return <span className="text-again">{text}</span>;
  }
  return follow.answeredAtMs === undefined ? null : <span className="live">{texts.live}</span>;
}

/** The time of the server's last answer about any of the jobs, before the page was loaded again. */
function lastAnswerMs(jobs: readonly SessionJob[]): number | undefined {
  const told = jobs.flatMap(({ view }) => (view === undefined ? [] : [Date.parse(view.now)]));
  return told.length === 0 ? undefined : Math.max(...told);
}
