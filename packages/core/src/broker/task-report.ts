/** What a handler said of its task while it ran. Each part is absent when there is nothing new. */
export interface TaskReport {
  /** How far the task is, as `progressText` makes it. Replaces the one before. */
  readonly progress?: string;
  readonly log?: ReportedLines;
}

/** Lines of one hold of a task, numbered from 1. */
export interface ReportedLines {
  /**
   * The number of the first line. Lines that the store has already are left out, so that a call may be repeated. When
   * lines before this one never came, the store counts them as dropped.
   */
  readonly from: number;
  /** As `logLineText` makes them. */
  readonly lines: readonly string[];
}
