import type { CallOptions } from "./call-options.ts";
import type { KeptLog } from "./kept-log.ts";
import type { TaskReport } from "./task-report.ts";
import type { Lease } from "./work-facet.ts";

/** What the holder of a lease says of its task. */
export interface HeldReport extends TaskReport {
  readonly lease: Lease;
}

export interface ReportFacet {
  /**
   * Keeps what was said, each task by itself and only under its lease. One answer per report, in order. `lost`: the
   * caller does not hold the task any more; nothing was written. A task has at most one report in a call.
   */
  report(reports: readonly HeldReport[], call?: CallOptions): Promise<readonly ("written" | "lost")[]>;
  /** The log lines that are kept with a task. Undefined when there is no such task. */
  readLog(queue: string, taskId: string, call?: CallOptions): Promise<KeptLog | undefined>;
}
