/**
 * - `error`: the store contradicts itself. A task is or may get stuck, lost from sight, or run twice.
 * - `warning`: the store agrees with itself, but something needs a person or a worker.
 * - `notice`: worth knowing; nothing is wrong.
 */
export type FindingLevel = "error" | "warning" | "notice";

/** What each code means, at which level, and what repair does. The codes stay the same between releases. */
export const findingKinds = {
  active_without_lease: {
    level: "error",
    meaning: "a task is listed as running, but nobody holds a lease of it, so no recovery would ever find it",
    repair: "gives it a lease that has just ended; the next recovery runs it again",
  },
  lease_without_active: {
    level: "error",
    meaning: "a lease is kept of a task that is not listed as running",
    repair: "lists the task as running where it says so itself, else drops the lease",
  },
  no_body: {
    level: "error",
    meaning: "a list names a task that does not exist",
    repair: "drops the name",
  },
  no_message: {
    level: "error",
    meaning: "something lies under a task's key that holds no message, and no list names it; the id stays taken",
    repair: "removes it: there is no task in it",
  },
  unlisted: {
    level: "error",
    meaning: "a task exists, but no list names it, so nobody will ever run or remove it",
    repair: "lists it again in the state that it says; archives it where its moment or group is lost",
  },
  wrong_state: {
    level: "error",
    meaning: "a task says that it is in another state than the list that names it",
    repair: "makes the task say what the list says",
  },
  listed_twice: {
    level: "error",
    meaning: "several lists name one task, or one list names it twice, so it may run twice",
    repair: "keeps one entry: the one under a live lease, else the one of the task's own state",
  },
  unreadable: {
    level: "error",
    meaning: "what is stored as a task's message is none",
    repair: "archives it as it is, with the reason; one that somebody holds is left to the holder",
  },
  group_unknown: {
    level: "error",
    meaning: "a group holds tasks, but the list of groups does not name it, so it is never aggregated",
    repair: "names it in the list",
  },
  lost_set: {
    level: "error",
    meaning: "tasks were taken out of a group to be aggregated, and the list of such sets does not name theirs",
    repair: "puts the tasks back into their group",
  },
  stale_set: {
    level: "warning",
    meaning:
      "tasks were taken out of a group to be aggregated; that should have ended, and nobody puts them back, or removes " +
      "what is left of them once they were made one task",
    repair: "puts the tasks back into their group, or removes what is left",
  },
  lock_without_task: {
    level: "error",
    meaning: "a uniqueness lock keeps equal tasks away, and its owner is gone, has completed, or owns another lock",
    repair: "frees the lock",
  },
  stray_due: {
    level: "notice",
    meaning:
      "an exact moment is kept of a task that does not wait for it any more, also of a queue that a Go program has removed",
    repair: "drops the moment",
  },
  archive_too_large: {
    level: "warning",
    meaning: "the archive holds more or older tasks than it should, and no worker tidies it",
    repair: "removes the oldest, a slice at a time",
  },
  queue_unknown: {
    level: "error",
    meaning: "a queue holds tasks, but the list of queues does not name it, so no tool shows it",
    repair: "names it in the list",
  },
  wrong_counts: {
    level: "error",
    meaning: "the numbers kept of a queue differ from the tasks that are there",
    repair: "counts again",
  },
  wrong_totals: {
    level: "warning",
    meaning: "more failures than attempts are counted of a queue, or more on one day than altogether",
    repair: "nothing: what was counted can't be counted again",
  },
  lease_over: {
    level: "warning",
    meaning: "leases ended long ago, and no live worker recovers the tasks",
    repair: "nothing: starting a worker of that queue does",
  },
  overdue: {
    level: "warning",
    meaning: "the moment of waiting tasks passed long ago, and no live worker brings them to their queue",
    repair: "brings them to their queue, a slice at a time",
  },
  no_worker: {
    level: "warning",
    meaning: "tasks of a queue wait or are due, and no live worker takes tasks of it",
    repair: "nothing: starting a worker of that queue does",
  },
  tasks_archived: {
    level: "warning",
    meaning: "tasks of a type failed for good in the last hour and lie in the archive",
    repair: "nothing: look at their errors, then run them again or delete them",
  },
  unhandled_type: {
    level: "warning",
    meaning: "tasks wait whose type none of the live workers of the queue handles",
    repair: "nothing: starting a worker that handles them does",
  },
  holder_gone: {
    level: "notice",
    meaning: "the server that holds a task has not been heard of; when the lease ends, the task runs again",
    repair: "nothing: recovery does",
  },
  mixed_workers: {
    level: "warning",
    meaning:
      "live workers of one queue differ in version, build or directory, so it depends on chance which code runs a task",
    repair: "nothing: stop those that should not be there",
  },
  foreign_worker: {
    level: "notice",
    meaning: "a live worker is of another library, or too old to say what it handles",
    repair: "nothing",
  },
  older_worker: {
    level: "notice",
    meaning:
      "a worker runs beside one that was started later on the same host and queues; it may have been left behind",
    repair: "nothing: stop it if it should not be there",
  },
  blocked_worker: {
    level: "warning",
    meaning: "the event loop of a worker stands still, so its other handlers do not go on",
    repair: "nothing: end the process, or evict the server if that can't be done",
  },
  gone_worker: {
    level: "notice",
    meaning: "the process of a worker of this machine has ended in the last minutes without taking its leave",
    repair: "nothing: its tasks run again on another worker of the queue",
  },
  silent_worker: {
    level: "notice",
    meaning: "a worker has not been heard of in the last minutes and did not take its leave: frozen, cut off or dead",
    repair: "nothing: its tasks run again when their leases end, or at once when it is evicted",
  },
  unreadable_record: {
    level: "warning",
    meaning: "what is stored as the record of a server or as a durable schedule is none, so it is passed over",
    repair: "nothing: a server's record ends by itself; a schedule is written anew or removed by hand",
  },
  schedule_idle: {
    level: "warning",
    meaning: "a scheduler entry that is not paused has no next turn",
    repair: "nothing: starting a scheduler does, or a spec that comes",
  },
  schedule_torn: {
    level: "warning",
    meaning: "live schedulers know different specs of one entry, so it is fired by all of them",
    repair: "nothing: stop the schedulers that run old code, or give the entries different ids",
  },
  clock_offset: {
    level: "warning",
    meaning:
      "the clock of a worker's machine differs from the store's, so leases and due moments are read wrongly there",
    repair: "nothing: set the clock",
  },
  writes_fail: {
    level: "error",
    meaning: "the store answers and refuses what tasks need it to write, for all queues or for those that are named",
    repair: "nothing: docs/readiness.md says for each reason what to do",
  },
  unsafe_setting: {
    level: "warning",
    meaning: "with this setting the store can lose tasks that it accepted",
    repair: "nothing: change the setting",
  },
  too_few_replicas: {
    level: "warning",
    meaning: "fewer replicas follow the store than every enqueue waits for, so enqueues fail",
    repair: "nothing: bring up replicas, or ask for fewer",
  },
  unknown_setting: {
    level: "notice",
    meaning: "the store does not tell a setting with which it might lose tasks",
    repair: "nothing",
  },
} as const satisfies Record<string, FindingKindInfo>;

interface FindingKindInfo {
  readonly level: FindingLevel;
  readonly meaning: string;
  readonly repair: string;
}

export type FindingKind = keyof typeof findingKinds;

/** One thing that is wrong or worth knowing. */
export interface Finding {
  readonly kind: FindingKind;
  readonly level: FindingLevel;
  /** Undefined when it concerns the whole store. */
  readonly queue: string | undefined;
  /** Undefined when it is not about one task. */
  readonly taskId: string | undefined;
  /** What was found, in words. */
  readonly detail: string;
  /** The same for programs. The names stay the same between releases; docs/doctor.md lists them by kind. */
  readonly facts: FindingFacts;
  /** `repairable`: a pass with repair would repair it. `by_hand`: no pass does. */
  readonly repair: "repaired" | "repairable" | "by_hand";
  /** What was or would be done, in words. Undefined when nothing is done. */
  readonly action: string | undefined;
}

/** Times are in milliseconds; where the name ends in `At`, since the epoch. */
export type FindingFacts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A finding with the level of its kind. */
export function aFinding(
  kind: FindingKind,
  about: { readonly queue?: string; readonly taskId?: string; readonly detail: string; readonly facts?: FindingFacts },
  repair: Finding["repair"] = "by_hand",
  action?: string,
): Finding {
  const { level } = findingKinds[kind];
  const { queue, taskId, detail, facts = {} } = about;
  return { kind, level, queue, taskId, detail, facts, repair, action };
}
