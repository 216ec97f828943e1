import type { Finding } from "../../broker/finding.ts";
import type { ArchiveLimits } from "../../broker/maintain-facet.ts";
import type { ReconcileFacet } from "../../broker/reconcile-facet.ts";
import type { Random } from "../../runtime/backoff.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";

const sliceSize = 500;
const pauseMs = 250;
const graceMs = 2_000;
/** A store in ruins must not flood the log. Further findings are only counted. */
const mostLogged = 50;

export interface ReconcilerOptions {
  readonly broker: Pick<ReconcileFacet, "reconcile">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly queues: readonly string[];
  readonly archiveOf: (queue: string) => ArchiveLimits;
  /**
   * The first pass comes at a random moment within this time, so that servers that start together don't look together.
   */
  readonly spreadMs: number;
}

/**
 * Looks through the server's queues for tasks that can no longer be seen, whatever program caused it. Repairs what is
 * safe. It goes in small slices with pauses, so that work goes first.
 */
export class Reconciler implements Role {
  readonly name = "reconciling the queues";
  readonly #options: ReconcilerOptions;
  #hasWaited = false;
  #logged = 0;
  readonly #told = new Set<string>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  async runOnce(signal?: AbortSignal): Promise<number | undefined> {
    const { queues, random, spreadMs } = this.#options;
    if (!this.#hasWaited) {
      this.#hasWaited = true;
      return random() * spreadMs;
    }
    this.#logged = 0;
    this.#told.clear();
    for (const queue of queues) {
      await this.#look(queue, signal);
      if (signal?.aborted === true) return undefined;
    }
    const untold = this.#logged - mostLogged;
    if (untold > 0) this.#options.logger.warn("reconciling found more than it can log", { findings: untold });
    return undefined;
  }

  async #look(queue: string, signal: AbortSignal | undefined): Promise<void> {
    const { broker, clock, archiveOf } = this.#options;
    const call = signal === undefined ? undefined : { signal };
    let cursor: string | undefined;
    do {
      const request = {
        queue,
        limit: sliceSize,
        repair: true,
        readMessages: false,
        archive: archiveOf(queue),
        graceMs,
      };
      const slice = await broker.reconcile(cursor === undefined ? request : { ...request, cursor }, call);
      for (const finding of slice.findings) this.#tell(finding);
      cursor = slice.nextCursor;
      if (cursor !== undefined) await sleep(clock, pauseMs, signal);
    } while (cursor !== undefined && signal?.aborted !== true);
  }

  #tell(finding: Finding): void {
    const { kind, level, queue, taskId, detail, repair, action } = finding;
    const key = JSON.stringify([kind, queue, taskId ?? detail]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#logged += 1;
    if (this.#logged > mostLogged) return;
    const fields = { finding: kind, queue, taskId, repair, action: repair === "repaired" ? action : undefined };
    if (level === "notice") this.#options.logger.debug(detail, fields);
    else this.#options.logger.warn(detail, fields);
  }
}
