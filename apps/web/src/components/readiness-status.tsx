import type { Level, Readiness, ReadinessFinding } from "@hikyaku/contract";
import { useLanguage } from "../i18n/language-context.ts";
import { type FindingWriting, findingText, reasonOf, startedWorkerText } from "../readiness/finding-text.ts";
import { useReadiness } from "../readiness/use-readiness.ts";
import { useServerNow } from "../use-server-now.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Rich } from "./rich.tsx";

/** A level is an icon, a word and a colour, always all three. */
const LOOKS: Readonly<Record<Level | "asking", { readonly icon: IconName; readonly tone: string }>> = {
  ok: { icon: "good", tone: "text-good" },
  warning: { icon: "odd", tone: "text-again" },
  error: { icon: "gone", tone: "text-gone" },
  asking: { icon: "wait", tone: "text-quiet" },
};

/** Whether the server can serve, live: the level of the whole, and of each check with its findings. */
export function ReadinessStatus() {
  const { locale, messages } = useLanguage();
  const texts = messages.readiness;
  const { data, isError } = useReadiness();
  const nowMs = useServerNow(false);
  const state = isError ? "error" : data === undefined ? "asking" : wholeOf(data);
  const summary = isError ? texts.noAnswer : state === "asking" ? texts.asking : texts.summary[state];
  const { icon, tone } = LOOKS[state === "broken" ? "error" : state];
  return (
    <section aria-labelledby="readiness-title" className="mt-14 border-t border-ink pt-3">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <h2 id="readiness-title">{texts.title}</h2>
        <p role="status" className={`badge font-semibold ${tone}`}>
          <Icon name={icon} />
          {summary}
        </p>
      </div>
      {!isError && data && (
        <ul className="checks">
          {data.checks.map((check) => (
            <li key={check.name}>
              <span>{texts.checks[check.name]}</span>
              <LevelBadge level={check.level} />
              <Findings findings={check.findings ?? []} writing={{ messages, locale, nowMs }} />
            </li>
          ))}
        </ul>
      )}
      {!isError && data?.checks.every(({ findings }) => findings === undefined) && (
        <p className="cap mt-2">{texts.withheld}</p>
      )}
    </section>
  );
}

/** The level of the whole. `broken`: an error that does not keep the server from serving. */
function wholeOf({ status, level }: Readiness): Level | "broken" {
  if (status === "not_ready") return "error";
  return level === "error" ? "broken" : level;
}

function LevelBadge({ level }: { readonly level: Level }) {
  const { icon, tone } = LOOKS[level];
  return (
    <span className={`badge ${tone}`}>
      <Icon name={icon} />
      {useLanguage().messages.readiness.level[level]}
    </span>
  );
}

interface FindingsProps {
  readonly findings: readonly ReadinessFinding[];
  readonly writing: FindingWriting;
}

function Findings({ findings, writing }: FindingsProps) {
  return (
    <div className="findings-of-check">
      {findings.map((finding) => (
        <div key={JSON.stringify(finding)}>
          <p>
            <Rich text={findingText(finding, writing)} />
          </p>
          {reasonOf(finding) && (
            <p lang="en">
              <code>{reasonOf(finding)}</code>
            </p>
          )}
          {(finding.code === "several_workers" || finding.code === "several_processes") && (
            <ul>
              {finding.workers.map((worker) => (
                <li key={worker.id}>
                  <Rich text={startedWorkerText(worker, writing)} />
                </li>
              ))}
            </ul>
          )}
        </div>
      ))}
    </div>
  );
}
