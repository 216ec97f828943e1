import type { Lead, Segment } from "../../demo-job/job-relay.ts";
import { useLanguage } from "../../i18n/language-context.ts";
import type { JobMessages } from "../../i18n/messages/en-jobs.ts";
import { aheadText, soFarText, type Writing } from "../../i18n/sentence-text.ts";
import { lengthText, momentText } from "../../i18n/time-text.ts";
import { CourierMark } from "../courier-mark.tsx";
import { Icon, type IconName } from "../icon.tsx";
import { Rich } from "../rich.tsx";

interface RelayProps {
  readonly segments: readonly Segment[];
  readonly writing: Writing;
  /** Draws the road pale, because the state is not known. Only the place where the job is now stays clear. */
  readonly dim: boolean;
}

/** The road of a job: dashed is waiting, a bar is running, and the courier stands where the job is now. */
export function Relay({ segments, writing, dim }: RelayProps) {
  return (
    <ol className="relay" data-dim={dim || undefined}>
      {segments.map((segment) => (
        <li
          key={segment.key}
          data-line={segment.line}
          data-bar={(segment.line !== "wait" && segment.line !== "end") || undefined}
          data-station={segment.station}
          style={{ flexGrow: segment.line === "end" ? 0 : segment.weight }}
        >
          <p className="relay-lead">
            {segment.lead.kind !== "none" && <b>{leadText(segment.lead, writing, segment.courier)}</b>}
            <SegmentLabel segment={segment} />
          </p>
          {segment.courier && <CourierMark className="relay-courier" />}
          <SegmentFacts segment={segment} writing={writing} />
        </li>
      ))}
    </ol>
  );
}

type KnownLead = Exclude<Lead, { readonly kind: "none" }>;

function leadText(lead: KnownLead, writing: Writing, goesOn: boolean): string {
  const { texts, locale, nowMs } = writing;
  switch (lead.kind) {
    case "length":
      return goesOn ? soFarText(lead.ms, writing) : lengthText(lead.ms, texts.units, locale);
    case "so_far":
      return texts.relay.soFar(soFarText(lead.ms, writing));
    case "ahead":
      return aheadText(lead.ms, writing);
    case "in":
      return texts.relay.in(aheadText(lead.ms, writing));
    case "moment":
      return momentText(lead.atMs, nowMs, locale, lead.precise);
    case "obstacle":
      return texts.relay.obstacle[obstacleOf(lead.state, texts)];
  }
}

function obstacleOf(state: string, { relay }: JobMessages): keyof JobMessages["relay"]["obstacle"] {
  return state in relay.obstacle ? (state as keyof JobMessages["relay"]["obstacle"]) : "other";
}

interface LabelLook {
  readonly icon: IconName;
  readonly tone: string;
}

const FAILED: LabelLook = { icon: "gone", tone: "text-gone" };
const LOOK_OF_LINE: Partial<Record<Segment["line"], LabelLook>> = {
  failed: FAILED,
  running: { icon: "run", tone: "text-run" },
};
const LOOK_OF_LABEL: Partial<Record<Segment["label"]["code"], LabelLook>> = {
  printed: { icon: "good", tone: "text-good" },
  archived: FAILED,
  refused: FAILED,
};

function SegmentLabel({ segment }: { readonly segment: Segment }) {
  const { relay } = useLanguage().messages.jobs;
  const { label, line } = segment;
  const look = LOOK_OF_LABEL[label.code] ?? LOOK_OF_LINE[line];
  return (
    <span className={look && `badge ${look.tone}`}>
      {look && <Icon name={look.icon} />}
      {labelText(label, relay)}
    </span>
  );
}

function labelText(label: Segment["label"], texts: JobMessages["relay"]): string {
  if (label.code === "attempt") return texts.attempt[label.outcome](label.number);
  if (label.code === "more_attempts") return texts.more_attempts(label.count);
  return texts[label.code];
}

function SegmentFacts({ segment, writing }: { readonly segment: Segment; readonly writing: Writing }) {
  const { relay } = useLanguage().messages.jobs;
  const { atMs, precise, note, worker, sameWorker, takers, inAllMs } = segment;
  const facts: { readonly key: string; readonly content: React.ReactNode }[] = [];
  if (atMs !== undefined) {
    const time = (
      <time dateTime={new Date(atMs).toISOString()}>{momentText(atMs, writing.nowMs, writing.locale, precise)}</time>
    );
    facts.push({ key: "time", content: time });
  }
  if (note !== undefined) facts.push({ key: "note", content: relay.note[note] });
  if (worker && sameWorker) facts.push({ key: "worker", content: relay.sameWorker(worker.pid) });
  if (worker && !sameWorker) {
    facts.push({ key: "worker", content: <Rich text={relay.worker(worker.pid, worker.host)} /> });
    if (worker.directory) facts.push({ key: "directory", content: <code>{worker.directory}</code> });
    if (worker.build) facts.push({ key: "build", content: <Rich text={relay.build(worker.build)} /> });
  }
  if (takers !== undefined) facts.push({ key: "takers", content: relay.takers(takers) });
  if (inAllMs !== undefined) {
    const length = lengthText(inAllMs, writing.texts.units, writing.locale);
    facts.push({ key: "in-all", content: relay.inAll(length) });
  }
  return (
    <ul className="relay-facts">
      {facts.map(({ key, content }) => (
        <li key={key}>{content}</li>
      ))}
    </ul>
  );
}
