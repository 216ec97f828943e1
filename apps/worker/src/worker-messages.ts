import type { MetricFamily } from "@hikyaku/operations/metrics";

/** What the supervisor says to one of its worker processes. */
export type ToWorker =
  | { readonly kind: "stop" }
  | { readonly kind: "status"; readonly question: number; readonly metrics: boolean };

/** What a worker process says to its supervisor. */
export type FromWorker =
  | { readonly kind: "runs"; readonly serverId: string }
  /** Somebody told its server to stop from elsewhere. The process ends and should stay away. */
  | { readonly kind: "told_to_stop" }
  | { readonly kind: "status"; readonly question: number; readonly report: WorkerReport };

/** How a worker process is, in its own words. */
export interface WorkerReport {
  readonly state: string;
  readonly running: number;
  readonly concurrency: number;
  /** Only if asked for. */
  readonly metrics?: readonly MetricFamily[];
}
