import { type CheckedBroker, checkStore, type Finding, type FindingLevel, HikyakuError, isHikyakuError } from "hikyaku";

/** The findings, and how far the look went. */
export interface FindingsReport {
  readonly checkedAt: Date;
  readonly queuesChecked: number;
  readonly queuesLeftOut: number;
  readonly findings: readonly Finding[];
}

const freshMs = 5_000;
const deadlineMs = 4_000;
const mostQueues = 100;
const levels: readonly FindingLevel[] = ["error", "warning", "notice"];

/**
 * Looks at who works, which tasks wait for nobody, and what failed lately. At most once in five seconds, however many
 * ask: callers that come meanwhile get the same answer. Looks at 100 queues at most, and gives up after four seconds.
 */
export class LiveFindings {
  readonly #broker: CheckedBroker;
  #asking: Promise<FindingsReport> | undefined;
  #last: { readonly report: FindingsReport; readonly at: number } | undefined;

  constructor(broker: CheckedBroker) {
    this.#broker = broker;
  }

  /** @throws HikyakuError `broker_unavailable`, `deadline_exceeded` or what else the store answers. */
  async get(): Promise<FindingsReport> {
    if (this.#last !== undefined && performance.now() - this.#last.at < freshMs) return this.#last.report;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<FindingsReport> {
    const signal = AbortSignal.timeout(deadlineMs);
    const checkedAt = new Date();
    try {
      const all = await this.#broker.queues({ signal });
      const queues = all.slice(0, mostQueues);
      const found = await checkStore(this.#broker, { scope: "live", queues, signal });
      const findings = levels.flatMap((level) => found.filter((finding) => finding.level === level));
      const queuesLeftOut = all.length - queues.length;
      const report = { checkedAt, queuesChecked: queues.length, queuesLeftOut, findings };
      this.#last = { report, at: performance.now() };
      return report;
    } catch (error) {
      if (!signal.aborted || !isHikyakuError(error, "cancelled")) throw error;
      throw new HikyakuError("deadline_exceeded", `looking for findings took longer than ${deadlineMs} ms`);
    }
  }
}
