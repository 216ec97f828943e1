import type { ArchiveLimits } from "./maintain-facet.ts";

// How much every store keeps of things that would grow without end. Redis scripts name these as `LIMITS.attemptsKept`.

const dayMs = 86_400_000;

/** The newest attempts of one task. */
export const attemptsKept = 20;
/** Bytes that are shown of a running task's payload. */
export const shownPayloadBytes = 1_024;
/** The counters of one day's attempts. */
export const countersKeptMs = 90 * dayMs;
/** The newest turns of a schedule, each remembered; and how long after the last turn anything is kept. */
export const turnsKept = 100;
export const turnMemoryMs = 400 * dayMs;
/** The newest events of a scheduler entry, and how long they are kept after the last one. */
export const eventsKept = 1_000;
export const eventsKeptMs = 90 * dayMs;
/** The archived tasks of a queue, by default. */
export const defaultArchive: ArchiveLimits = { maxCount: 10_000, maxAgeMs: 90 * dayMs };
/** Of the small documents in collections: how many a collection holds, how large one is, and how many a call takes. */
export const recordsKept = 10_000;
export const recordBytes = 65_536;
export const mostRecordsOfACall = 1_000;
/** Of trails. */
export const mostTrailEntries = 100_000;
export const trailEntryBytes = 65_536;
/** The types of tasks that one queue's numbers tell apart within a minute, ten minutes or a day. */
export const statisticsTypes = 256;
/** The longest type that the numbers name, in characters. */
export const longestStatisticsType = 200;
/**
 * How long it is known which report of a writer was added last. A report is not repeated for longer than this, less a
 * margin.
 */
export const reportMarkKeptMs = 7_200_000;
/** The newest attempts whose stack is kept, and the longest stack, in characters. */
export const stacksKept = 5;
export const longestStack = 4_096;
/** The newest log lines of one task, and their bytes. */
export const logLinesKept = 200;
export const logBytesKept = 65_536;
