import type { CardState } from "../../demo-job/job-card-state.ts";
import { useLanguage } from "../../i18n/language-context.ts";
import { Icon, type IconName } from "../icon.tsx";

/** A state is an icon, a word and a colour, always all three. */
const LOOKS: Readonly<Record<CardState, { readonly icon: IconName; readonly tone: string }>> = {
  sending: { icon: "sent", tone: "text-ink" },
  perhaps: { icon: "odd", tone: "text-again" },
  not_stored: { icon: "gone", tone: "text-gone" },
  scheduled: { icon: "plan", tone: "text-plan" },
  waiting: { icon: "wait", tone: "text-ink" },
  paused: { icon: "pause", tone: "text-again" },
  no_worker: { icon: "none", tone: "text-gone" },
  quiet: { icon: "pause", tone: "text-again" },
  not_handled: { icon: "none", tone: "text-gone" },
  running: { icon: "run", tone: "text-run" },
  lost: { icon: "odd", tone: "text-again" },
  retry: { icon: "again", tone: "text-again" },
  completed: { icon: "good", tone: "text-good" },
  archived: { icon: "gone", tone: "text-gone" },
  not_kept: { icon: "none", tone: "text-quiet" },
  unknown: { icon: "odd", tone: "text-again" },
};

export function JobStateBadge({ state }: { readonly state: CardState }) {
  const { icon, tone } = LOOKS[state];
  return (
    <span className={`badge ${tone}`}>
      <Icon name={icon} />
      {useLanguage().messages.jobs.states[state]}
    </span>
  );
}
