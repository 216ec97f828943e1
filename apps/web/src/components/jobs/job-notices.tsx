import type { WorkerWarning } from "@hikyaku/contract";
import { useLanguage } from "../../i18n/language-context.ts";
import type { RichText } from "../../i18n/rich-text.ts";
import { momentText } from "../../i18n/time-text.ts";
import { type FindingWriting, startedWorkerText, warningText } from "../../readiness/finding-text.ts";
import type { JobNotice } from "../../readiness/job-notices.ts";
import { CopyButton } from "../copy-button.tsx";
import { Icon } from "../icon.tsx";
import { Rich } from "../rich.tsx";

interface JobNoticesProps {
  readonly notices: readonly JobNotice[];
  readonly nowMs: number;
}

/** What a person should know before registering a job: each a claim, its evidence, and what can be done. */
export function JobNotices({ notices, nowMs }: JobNoticesProps) {
  const { locale, messages } = useLanguage();
  const { notice: label } = messages.jobs;
  const writing = { messages, locale, nowMs };
  if (notices.length === 0) return null;
  return (
    <section className="notices" aria-label={label.label}>
      {notices.map((notice) => {
        const { claim, evidence } = wordsOf(notice, writing);
        return (
          <div className="notice" key={notice.code} role="status">
            <span className="stamp" data-urgent={URGENT.has(notice.code) || undefined}>
              <Icon name="bang" />
            </span>
            <div>
              <h2>
                <Rich text={claim} />
              </h2>
              <ul>
                {evidence.map(({ key, text }) => (
                  <li key={key}>
                    <Rich text={text} />
                  </li>
                ))}
              </ul>
            </div>
            {notice.code === "no_worker" && (
              <CopyButton text="npm run start:worker" what={messages.jobs.command} label={messages.jobs.copyCommand} />
            )}
          </div>
        );
      })}
    </section>
  );
}

/** Until these are solved, a job that is registered now does not run as meant. */
const URGENT: ReadonlySet<JobNotice["code"]> = new Set([
  "server_away",
  "store_away",
  "writes_fail",
  "no_worker",
  "queue_paused",
  "several_workers",
]);

interface NoticeWords {
  readonly claim: RichText;
  readonly evidence: readonly { readonly key: string; readonly text: RichText }[];
}

function wordsOf(notice: JobNotice, writing: FindingWriting): NoticeWords {
  const { jobs, readiness } = writing.messages;
  const words = readiness.notice;
  switch (notice.code) {
    case "server_away":
      return { claim: words.serverAway, evidence: [{ key: "text", text: [words.serverAwayText] }] };
    case "store_away":
      return { claim: words.storeAway, evidence: [{ key: "text", text: [words.storeAwayText] }] };
    case "writes_fail":
      return { claim: words.writesFail, evidence: [] };
    case "no_worker":
      return { claim: jobs.notice.noWorker, evidence: [{ key: "text", text: jobs.notice.noWorkerText }] };
    case "queue_paused":
      return { claim: jobs.notice.paused, evidence: [{ key: "text", text: jobs.notice.pausedText }] };
    case "several_workers": {
      const { count, difference } = notice;
      const claim = words.several[difference ?? "none"](count);
      const workers = notice.workers.map((worker) => ({ key: worker.id, text: startedWorkerText(worker, writing) }));
      return { claim, evidence: [...workers, { key: "text", text: [words.severalText] }] };
    }
    case "gone_worker":
      return { claim: words.gone(notice.warnings.length), evidence: warningLines(notice.warnings, writing) };
    case "silent_worker":
      return { claim: silentClaim(notice.warnings, writing), evidence: warningLines(notice.warnings, writing) };
    case "worker_warning":
      return { claim: words.look, evidence: warningLines(notice.warnings, writing) };
  }
}

/** Since when one worker is silent. With several, each line tells its own moment. */
function silentClaim(warnings: readonly WorkerWarning[], writing: FindingWriting): RichText {
  const words = writing.messages.readiness.notice;
  const [only, second] = warnings;
  if (only?.kind !== "silent" || second !== undefined) return words.silent(warnings.length);
  return words.silentSince(momentText(Date.parse(only.silent_since), writing.nowMs, writing.locale));
}

function warningLines(warnings: readonly WorkerWarning[], writing: FindingWriting): NoticeWords["evidence"] {
  return warnings.map((warning) => ({
    key: `${warning.kind} ${warning.worker.id}`,
    text: warningText(warning, writing),
  }));
}
