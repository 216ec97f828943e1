import type { CardState } from "../../demo-job/job-card-state.ts";
import type { FailureReason } from "../../demo-job/registration-fate.ts";
import { code, type RichText, rich } from "../rich-text.ts";
import type { LengthUnits } from "../time-text.ts";

const whole = new Intl.NumberFormat("en");

/** Who a worker is: a process, where it was started, and what it runs. */
function workerText(pid: string, host: string, directory?: string, build?: string): RichText {
  const place = directory === undefined ? [] : rich`, in ${code(directory)}`;
  const runs = build === undefined ? [] : rich`, build ${code(build)}`;
  return rich`pid ${pid} on ${host}${place}${runs}`;
}

const units: LengthUnits = {
  ms: (count) => `${count} ms`,
  s: (count) => `${count} s`,
  min: (count) => `${count} min`,
  h: (count) => `${count} h`,
  d: (count) => `${count} d`,
};

const states: Readonly<Record<CardState, string>> = {
  sending: "Registering",
  perhaps: "Perhaps registered",
  not_stored: "Not registered",
  scheduled: "Scheduled",
  waiting: "Waiting",
  paused: "Queue paused",
  no_worker: "No worker",
  quiet: "Workers quiet",
  not_handled: "Not handled",
  running: "Running",
  lost: "Worker lost",
  retry: "Retry",
  completed: "Completed",
  archived: "Archived",
  not_kept: "Not kept",
  unknown: "Not known",
};

/** Why it is not known whether a job was registered, or that it was not. */
const reasons: Readonly<Record<FailureReason, string>> = {
  store_away: "The server keeps trying to reach the store.",
  store_rejected: "The store refused to write. The server’s log has its words.",
  server_closing: "The server is shutting down.",
  server_busy: "The server is busy with others.",
  offline: "This browser has no connection.",
  refused: "The server refused the request.",
  answer_lost: "The connection to the store broke before it answered.",
  store_silent: "The store did not answer in time.",
  not_acknowledged: "The store has the job, but its copies have not said so.",
  no_answer: "The server did not answer in time.",
  connection_broke: "The server could not be reached, or the connection broke before it answered.",
  odd_answer: "The server gave an answer that this page does not understand.",
  page_left: "The page was left before the answer came.",
};

/** The English texts about jobs. */
export const enJobs = {
  units,
  states,
  reasons,
  worker: workerText,
  /** A worker of which nothing but its process is told. */
  untoldWorker: (worker: RichText) =>
    rich`${worker} (it does not tell its directory and build: another library or an older version)`,
  title: "Your jobs",
  empty: "No jobs yet. What you register here appears here, and stays when the page is loaded again.",
  note: (count: number) => `${whole.format(count)} from this tab, newest first; lengths are compressed`,
  live: "Live",
  notLive: (time: string) => `Not live since ${time}: no answer. What you see is as of then.`,
  noAnswerYet: "No answer yet. The page keeps asking.",
  slowed: (time: string) => `Too many requests: this page asks again at ${time}.`,
  idLabel: "Job id",
  jobLink: (id: string) => `The page of job ${id}`,
  registerAgain: "Register again",
  registeringAgain: "Registering…",
  copyCommand: "Copy the command",
  command: "the command",
  sentence: {
    sending: rich`On its way to the store.`,
    registered: rich`The job is registered.`,
    perhaps: rich`The job may be stored. Press again: it can’t be doubled.`,
    perhapsMissing: rich`The store answers and holds no such job. Press again: it can’t be doubled.`,
    notStored: {
      store_away: rich`The store can’t be reached: nothing was stored.`,
      store_rejected: rich`The store refused the job: nothing was stored.`,
      server_closing: rich`The server is shutting down: nothing was stored.`,
      server_busy: rich`The server is busy: nothing was stored.`,
      offline: rich`You are offline: nothing was sent.`,
      other: rich`The server refused the request: nothing was stored.`,
    },
    storeBack: rich`Nothing was stored. The store answers again: register again.`,
    counting: (distance: string, time: string) => rich`Prints in ${distance}, at ${time}.`,
    countingBut: {
      no_worker: (distance: string, time: string) =>
        rich`Its time comes in ${distance}, at ${time}. Nobody works on its queue: it will wait.`,
      queue_paused: (distance: string, time: string) =>
        rich`Its time comes in ${distance}, at ${time}. Its queue is paused: it will wait.`,
      workers_quiet: (distance: string, time: string) =>
        rich`Its time comes in ${distance}, at ${time}. The workers take nothing new: it will wait.`,
      type_not_handled: (distance: string, time: string) =>
        rich`Its time comes in ${distance}, at ${time}. No worker handles such jobs: it will wait.`,
    },
    due: {
      no_worker: (length: string) =>
        rich`Due for ${length}. No worker takes from ${code("default")}. Start one with ${code("npm run start:worker")}.`,
      queue_paused: (length: string) =>
        rich`Due for ${length}. Its queue is paused: it waits until somebody resumes it.`,
      workers_quiet: (length: string) => rich`Due for ${length}. The workers are quiet: they take nothing new.`,
      type_not_handled: (length: string) =>
        rich`Due for ${length}. No worker handles ${code("demo:delay_print")}: those that run are of another build.`,
      runs_apart: (length: string) =>
        rich`Due for ${length}. Workers died while they ran it, so it runs apart: once a worker runs few enough others.`,
      workers_busy: (length: string) =>
        rich`Due for ${length}. All workers are busy: it runs when one of them is free.`,
      in_line: (_length: string) => rich`Its time has come. A worker takes it in a moment.`,
    },
    dueAgain: (attempt: number, of: number) => rich`Attempt ${attempt} of ${of} is due. A worker takes it in a moment.`,
    dueAgainBut: {
      no_worker: (attempt: number, of: number) =>
        rich`Attempt ${attempt} of ${of} is due. No worker takes from ${code("default")}. Start one with ${code("npm run start:worker")}.`,
      queue_paused: (attempt: number, of: number) =>
        rich`Attempt ${attempt} of ${of} is due. Its queue is paused: it waits until somebody resumes it.`,
      workers_quiet: (attempt: number, of: number) =>
        rich`Attempt ${attempt} of ${of} is due. The workers are quiet: they take nothing new.`,
      type_not_handled: (attempt: number, of: number) =>
        rich`Attempt ${attempt} of ${of} is due. No worker handles ${code("demo:delay_print")}.`,
    },
    failed: (attempt: number, of: number, at: string, distance: string, time: string) =>
      rich`Attempt ${attempt} of ${of} failed at ${at}. It is tried again in ${distance}, at ${time}.`,
    workerLost: (attempt: number, of: number, at: string, distance: string, time: string) =>
      rich`Attempt ${attempt} of ${of} was cut off: its worker was lost at ${at}. It is tried again in ${distance}, at ${time}.`,
    triedAgain: (distance: string, time: string) => rich`It is tried again in ${distance}, at ${time}.`,
    running: (attempt: number, of: number, worker: RichText) => rich`Attempt ${attempt} of ${of} runs now: ${worker}.`,
    runningSomewhere: (attempt: number, of: number) => rich`Attempt ${attempt} of ${of} runs now.`,
    lost: (worker: RichText, time: string) =>
      rich`Its worker is not heard of: ${worker}. From ${time} on another one may take the job.`,
    lostSomewhere: rich`Its worker is not heard of. Another one may take the job once its lease has ended.`,
    lostDue: (worker: RichText) =>
      rich`Its worker is not heard of: ${worker}. Another worker is about to take the job.`,
    lostDueSomewhere: rich`Its worker is not heard of. Another worker is about to take the job.`,
    printedBy: (worker: RichText, time: string, late: string) =>
      rich`Printed by ${worker}, at ${time}: ${late} after its time.`,
    printedAt: (time: string, late: string) => rich`Printed at ${time}: ${late} after its time.`,
    printedByInTime: (worker: RichText, time: string) => rich`Printed by ${worker}, at ${time}: at its time.`,
    printedInTime: (time: string) => rich`Printed at ${time}: at its time.`,
    printedByOnAttempt: (worker: RichText, time: string, attempt: number) =>
      rich`Printed by ${worker}, at ${time}, on attempt ${attempt}.`,
    printedAtOnAttempt: (time: string, attempt: number) => rich`Printed at ${time}, on attempt ${attempt}.`,
    archived: (time: string, attempt: number, of: number) =>
      rich`Archived at ${time}, after attempt ${attempt} of ${of}. It runs again only if somebody says so.`,
    notKept: rich`The store no longer holds this job: it was deleted, or printed longer ago than jobs are kept.`,
    overdueUnseen: (due: string, seen: string) =>
      rich`Its time came at ${due}. What became of it is not known: no answer since ${seen}.`,
  },
  relay: {
    waited: "Waited",
    to_its_time: "to its time",
    after_its_time: "After its time",
    at_its_time: "At its time",
    due: "Due",
    backed_off: "Backed off",
    between: "Waited again",
    prints: "Prints",
    printed: "Printed",
    archived: "Archived",
    prints_if_stored: "Prints, if stored",
    waiting_if_stored: "Waiting, if stored",
    waiting: "Waiting",
    no_answer: "No answer",
    refused: "Refused",
    sending: "On its way",
    more_attempts: (count: number) => (count === 1 ? "1 more attempt" : `${whole.format(count)} more attempts`),
    attempt: {
      completed: (number: number) => `Attempt ${number}`,
      retry: (number: number) => `Attempt ${number} failed`,
      archived: (number: number) => `Attempt ${number} failed`,
      lost: (number: number) => `Attempt ${number} cut off`,
      handed_back: (number: number) => `Attempt ${number} handed back`,
      running: (number: number) => `Attempt ${number} runs`,
      lost_now: (number: number) => `Attempt ${number}, not heard of`,
      ahead: (number: number) => `Attempt ${number}`,
    },
    soFar: (length: string) => `${length} so far`,
    in: (length: string) => `in ${length}`,
    note: {
      registered_here: "registered here",
      registered: "registered",
      due: "due",
      now: "now",
      sent: "sent to the store",
      went_no_further: "went no further",
      not_known: "not known",
    },
    takers: (count: number) =>
      count === 0
        ? "as soon as one starts"
        : count === 1
          ? "by the one worker"
          : `by one of ${whole.format(count)} workers`,
    obstacle: {
      no_worker: "no worker",
      paused: "paused",
      quiet: "quiet",
      not_handled: "not handled",
      other: "soon",
    },
    worker: (pid: number, host: string) => rich`pid ${pid} on ${host}`,
    inAll: (length: string) => `${length} in all`,
    sameWorker: (pid: number) => `pid ${pid} again`,
    build: (build: string) => rich`build ${code(build)}`,
  },
  evidence: {
    storeBack: "The store answers again.",
    attemptsLeft: (count: number) => (count === 1 ? "1 attempt is left." : `${whole.format(count)} attempts are left.`),
    withheld: "Who ran it and what went wrong is shown only to whoever may use the operations API.",
    stdout: (pid: number) => `stdout of pid ${pid}`,
    stdoutSomewhere: "stdout of its worker",
    lookThere: (directory: string) =>
      rich`Look in the terminal whose worker was started in ${code(directory)}, or in the file its stdout goes to: the line has its time in front. What else the worker has to say goes to stderr.`,
    lookSomewhere: rich`Look in the terminal of its worker, or in the file its stdout goes to: the line has its time in front. What else the worker has to say goes to stderr.`,
    keptUntil: (time: string) => `Kept until ${time}, so that it can be asked about.`,
    stored: "The job is stored and waits.",
    noDoubles: (reason: string) => `${reason} Pressing again sends the same job id, so the store keeps one.`,
  },
  form: {
    title: "A new job",
    curl: "The same with curl",
    curlNote: "It follows the form. Each call registers one more job.",
  },
  find: {
    title: "Find a job by its id",
    help: "As it was copied from here, or from an answer of the API.",
    submit: "Find",
    fault: "An id has no blanks and no commas, and at most 200 characters.",
  },
  page: {
    title: "What became of a job",
    missing: "The store holds no job with this id",
    missingText:
      "It was never registered here, was deleted, or was printed longer ago than jobs are kept. Check that the id is whole.",
    asking: "Asking the server…",
    failed: "The server gives no answer. This page keeps asking.",
    all: "Register a job",
  },
  notice: {
    label: "Notice",
    noWorker: rich`Nobody works on this queue: your job will wait`,
    noWorkerText: rich`No live worker takes from ${code("default")}. Jobs are stored and run as soon as one does. Start one with ${code("npm run start:worker")}.`,
    paused: rich`The queue is paused: your job will wait`,
    pausedText: rich`Jobs are stored in ${code("default")} and run when somebody resumes it.`,
  },
};

/** The shape of a language's texts about jobs. */
export type JobMessages = typeof enJobs;
