import { Link } from "@tanstack/react-router";
import { useEffect, useId, useRef } from "react";
import { cardOf, isStoreBack } from "../../demo-job/job-card-state.ts";
import type { FollowState } from "../../demo-job/job-follower.ts";
import { relayOf } from "../../demo-job/job-relay.ts";
import type { SessionJob } from "../../demo-job/session-jobs.ts";
import { useLanguage } from "../../i18n/language-context.ts";
import { sentenceText } from "../../i18n/sentence-text.ts";
import { CopyButton } from "../copy-button.tsx";
import { Rich } from "../rich.tsx";
import { JobEvidence } from "./job-evidence.tsx";
import { JobStateBadge } from "./job-state-badge.tsx";
import { Relay } from "./relay.tsx";

interface JobCardProps {
  readonly job: SessionJob;
  readonly follow: FollowState;
  readonly nowMs: number;
  /** Sends the job again under its id. Undefined when that can't be done here. */
  readonly onSendAgain?: ((job: SessionJob) => void) | undefined;
  /** On the page of this job the id is no link. */
  readonly isAlone?: boolean;
}

/** One job: its state, one sentence, its road, further facts, and what can be done. */
export function JobCard({ job, follow, nowMs, onSendAgain, isAlone = false }: JobCardProps) {
  const { locale, messages } = useLanguage();
  const titleId = useId();
  const texts = messages.jobs;
  const writing = { texts, locale, nowMs };
  const card = cardOf(job, follow, nowMs);
  // The button stays while it works: one that vanished would take the focus with it.
  const isSendingAgain = job.fate === "sending" && job.failure !== undefined;
  const canSendAgain =
    onSendAgain !== undefined && (job.fate === "perhaps" || job.fate === "not_stored" || isSendingAgain);
  const article = useRef<HTMLElement>(null);
  const couldSendAgain = useRef(canSendAgain);
  useEffect(() => {
    const isFocusLost = couldSendAgain.current && !canSendAgain && document.activeElement === document.body;
    couldSendAgain.current = canSendAgain;
    if (isFocusLost) article.current?.focus();
  }, [canSendAgain]);
  const showsRelay = card.state !== "not_kept" || job.view !== undefined;
  return (
    <article ref={article} id={`job-${job.jobId}`} tabIndex={-1} className="job" aria-labelledby={titleId}>
      <header>
        <JobStateBadge state={card.state} />
        <h3 id={titleId}>{card.message}</h3>
        <span className="job-id">
          {isAlone || job.fate === "not_stored" ? (
            <code>{job.jobId}</code>
          ) : (
            <Link to="/dm-jobqueue/jobs/$jobId" params={{ jobId: job.jobId }} aria-label={texts.jobLink(job.jobId)}>
              <code>{job.jobId}</code>
            </Link>
          )}
          <CopyButton text={job.jobId} what={texts.idLabel} />
        </span>
      </header>
      <p className="why">
        <Rich text={sentenceText(card.sentence, writing)} />
      </p>
      {showsRelay && <Relay segments={relayOf(job, card, nowMs)} writing={writing} dim={job.fate !== "registered"} />}
      <JobEvidence job={job} state={card.state} storeBack={isStoreBack(job, follow)} writing={writing} />
      <div className="actions">
        {canSendAgain && (
          <button type="button" className="btn" aria-disabled={isSendingAgain} onClick={() => onSendAgain(job)}>
            {isSendingAgain ? texts.registeringAgain : texts.registerAgain}
          </button>
        )}
        {card.state === "no_worker" && (
          <CopyButton text="npm run start:worker" what={texts.command} label={texts.copyCommand} />
        )}
      </div>
    </article>
  );
}
