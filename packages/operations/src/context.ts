import type { Broker, Inspector } from "hikyaku";
import type { Identity } from "./access/request-head.ts";
import type { LiveFindings } from "./live-findings.ts";

/** What every handler works with. */
export interface OperationsContext {
  readonly broker: Broker;
  readonly inspector: Inspector;
  readonly findings: LiveFindings;
  /** Who asks; undefined at an endpoint that is open. */
  readonly identity: Identity | undefined;
  /** The same in words, as servers and the history of tasks are told. */
  readonly who: string;
  /**
   * Fires when whoever asks has gone, or time is up. For what only reads: a change that was begun is not left half done because
   * nobody waits for it.
   */
  readonly signal: AbortSignal;
  /** When time is up, in milliseconds of the epoch. */
  readonly deadlineAt: number;
}
