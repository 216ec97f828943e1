import type { ArchiveLimits } from "./maintain-facet.ts";

// What every store keeps of things that would grow without end. The scripts of Redis name these as `LIMITS.attemptsKept`.

const dayMs = 86_400_000;

/** Attempts of one task, the newest. */
export const attemptsKept = 20;
/** Bytes of the payload that is shown of a task that a server runs. */
export const shownPayloadBytes = 1_024;
/** Counters of the attempts of a day. */
export const countersKeptMs = 90 * dayMs;
/** Turns of a schedule that are remembered one by one, and how long after the last one anything is. */
export const turnsKept = 100;
export const turnMemoryMs = 400 * dayMs;
/** What was enqueued by a schedule's entry: the newest, and how long after the last one. */
export const eventsKept = 1_000;
export const eventsKeptMs = 90 * dayMs;
/** Archived tasks of a queue, where nobody says otherwise. */
export const defaultArchive: ArchiveLimits = { maxCount: 10_000, maxAgeMs: 90 * dayMs };
