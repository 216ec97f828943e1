import type { FollowState } from "../../demo-job/job-follower.ts";
import { useLanguage } from "../../i18n/language-context.ts";
import { momentText } from "../../i18n/time-text.ts";

interface FollowNoteProps {
  readonly follow: FollowState;
  readonly nowMs: number;
  /** Something is followed that may still change. */
  readonly isFollowing: boolean;
}

/** How fresh the page's knowledge is, in words. */
export function FollowNote({ follow, nowMs, isFollowing }: FollowNoteProps) {
  const { locale, messages } = useLanguage();
  const { jobs } = messages;
  const { failure, answeredAtMs, silentUntilMs } = follow;
  if (silentUntilMs !== undefined) {
    return <span className="text-again">{jobs.slowed(momentText(silentUntilMs, nowMs, locale))}</span>;
  }
  if (failure !== undefined) {
    const text = answeredAtMs === undefined ? jobs.noAnswerYet : jobs.notLive(momentText(answeredAtMs, nowMs, locale));
    return <span className="text-again">{text}</span>;
  }
  if (!isFollowing || answeredAtMs === undefined) return null;
  return <span className="live">{jobs.live}</span>;
}
