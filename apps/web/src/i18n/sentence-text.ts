import type { DemoJobWorker } from "@hikyaku/contract";
import type { Sentence } from "../demo-job/job-card-state.ts";
import type { JobMessages } from "./messages/en-jobs.ts";
import type { RichText } from "./rich-text.ts";
import { lengthText, momentText } from "./time-text.ts";

/** What a sentence is written with. */
export interface Writing {
  readonly texts: JobMessages;
  readonly locale: string;
  readonly nowMs: number;
}

/** A length in whole seconds from a second up, rounded so that a countdown ends at 0 and not before. */
export function aheadText(ms: number, { texts, locale }: Writing): string {
  return lengthText(Math.max(1000, Math.ceil(ms / 1000) * 1000), texts.units, locale);
}

/** A length in whole seconds that goes on: it counts what is over. */
export function soFarText(ms: number, { texts, locale }: Writing): string {
  return lengthText(ms < 1000 ? ms : Math.floor(ms / 1000) * 1000, texts.units, locale);
}

/** Who a worker is, in words, as far as it is told. */
function workerText({ pid, host, directory, build }: DemoJobWorker, { texts }: Writing): RichText {
  return texts.worker(String(pid), host, directory ?? undefined, build ?? undefined);
}

/** Who printed a job, in words; its attempt keeps what the worker told, so that what is missing was never told. */
function printerText(worker: DemoJobWorker, writing: Writing): RichText {
  const known = workerText(worker, writing);
  return worker.directory === null && worker.build === null ? writing.texts.untoldWorker(known) : known;
}

/** The sentence that says what becomes of a job. */
export function sentenceText(sentence: Sentence, writing: Writing): RichText {
  const { texts, locale, nowMs } = writing;
  const words = texts.sentence;
  const moment = (atMs: number, precise = false) => momentText(atMs, nowMs, locale, precise);
  switch (sentence.code) {
    case "sending":
      return words.sending;
    case "store_back":
      return words.storeBack;
    case "registered":
      return words.registered;
    case "perhaps":
      return words.perhaps;
    case "perhaps_missing":
      return words.perhapsMissing;
    case "not_stored": {
      const { reason } = sentence;
      return reason in words.notStored
        ? words.notStored[reason as keyof typeof words.notStored]
        : words.notStored.other;
    }
    case "counting": {
      const write = sentence.but === undefined ? words.counting : words.countingBut[sentence.but];
      return write(aheadText(sentence.inMs, writing), moment(sentence.atMs));
    }
    case "due":
      return words.due[sentence.why](soFarText(sentence.forMs, writing));
    case "due_again":
      return sentence.why === "in_line"
        ? words.dueAgain(sentence.attempt, sentence.of)
        : words.dueAgainBut[sentence.why](sentence.attempt, sentence.of);
    case "backing_off": {
      const { attempt, of, outcome, endedMs, inMs, atMs } = sentence;
      const ahead = [aheadText(inMs, writing), moment(atMs)] as const;
      if (endedMs === undefined) return words.triedAgain(...ahead);
      const write = outcome === "lost" ? words.workerLost : words.failed;
      return write(attempt, of, moment(endedMs), ...ahead);
    }
    case "running":
      return sentence.worker === null
        ? words.runningSomewhere(sentence.attempt, sentence.of)
        : words.running(sentence.attempt, sentence.of, workerText(sentence.worker, writing));
    case "lost":
      return sentence.worker === null || sentence.untilMs === undefined
        ? words.lostSomewhere
        : words.lost(workerText(sentence.worker, writing), moment(sentence.untilMs));
    case "lost_due":
      return sentence.worker === null ? words.lostDueSomewhere : words.lostDue(workerText(sentence.worker, writing));
    case "printed": {
      const { worker, atMs, lateMs, attempt } = sentence;
      const time = moment(atMs, true);
      if (lateMs === undefined) {
        return worker === null
          ? words.printedAtOnAttempt(time, attempt)
          : words.printedByOnAttempt(printerText(worker, writing), time, attempt);
      }
      if (lateMs === 0) {
        return worker === null ? words.printedInTime(time) : words.printedByInTime(printerText(worker, writing), time);
      }
      const late = lengthText(lateMs, texts.units, locale);
      return worker === null ? words.printedAt(time, late) : words.printedBy(printerText(worker, writing), time, late);
    }
    case "archived":
      return words.archived(moment(sentence.atMs), sentence.attempt, sentence.of);
    case "not_kept":
      return words.notKept;
    case "overdue_unseen":
      return words.overdueUnseen(moment(sentence.dueMs), moment(sentence.seenMs));
  }
}
