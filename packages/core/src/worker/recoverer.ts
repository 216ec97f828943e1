import type { AttemptRecord, SetAside, Settlement, TakenOverTask, WorkFacet } from "../broker/work-facet.ts";
import type { Clock } from "../clock.ts";
import type { Random } from "./backoff.ts";
import type { Logger } from "./logger.ts";
import { decideOutcome, type OutcomePolicy } from "./outcome.ts";
import type { Role } from "./periodic.ts";

const sliceSize = 50;
const unknownPid = 0;

export interface RecovererOptions {
  readonly broker: Pick<WorkFacet, "takeOver" | "settle">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly queue: string;
  readonly serverId: string;
  readonly leaseMs: number;
  readonly policy: OutcomePolicy;
  /** Where a server runs, or ran, if anybody knows. */
  readonly findServer: (serverId: string) => Pick<AttemptRecord, "host" | "pid"> | undefined;
  readonly onRecovered: (queue: string) => void;
}

/**
 * Takes over the tasks of one queue whose worker died or stalled until its lease ran out, and puts them back. Uses no
 * slot. Should this server die in between, the lease that it took runs out in turn.
 */
export class Recoverer implements Role {
  readonly name: string;
  readonly #options: RecovererOptions;

  constructor(options: RecovererOptions) {
    this.name = `recovering lost tasks of queue "${options.queue}"`;
    this.#options = options;
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const { broker, queue, serverId, leaseMs, onRecovered } = this.#options;
    const call = signal === undefined ? undefined : { signal };
    const request = { queue, limit: sliceSize, serverId, leaseMs };
    for (;;) {
      const { tasks, setAside } = await broker.takeOver(request, call);
      this.#reportSetAside(setAside);
      if (tasks.length > 0) {
        await broker.settle(
          tasks.map((task) => this.#settlement(task)),
          undefined,
          call,
        );
        onRecovered(queue);
      }
      if (tasks.length + setAside.length < sliceSize || signal?.aborted === true) return;
    }
  }

  #settlement({ task, previousServerId }: TakenOverTask): Settlement {
    const { clock, random, policy, logger } = this.#options;
    const now = clock.now();
    const { message, lostAttempts } = task;
    const outcome = decideOutcome(message, { kind: "lost", lostAttempts }, policy, now, random);
    logger.warn("recovered a task whose worker died or stalled", {
      ...{ taskId: message.id, type: message.type, queue: message.queue, lostAttempts },
      ...{ outcome: outcome.kind, previousServerId: previousServerId ?? "unknown" },
    });
    const previous = previousServerId === undefined ? undefined : this.#options.findServer(previousServerId);
    const attempt: AttemptRecord = {
      serverId: previousServerId ?? "unknown",
      host: previous?.host ?? "unknown",
      pid: previous?.pid ?? unknownPid,
      startedAt: now,
      endedAt: now,
      outcome: "lost",
    };
    return { task, outcome, attempt };
  }

  #reportSetAside(setAside: readonly SetAside[]): void {
    for (const { queue, taskId, reason, detail } of setAside) {
      this.#options.logger.error("a lost task can't be read", { queue, taskId, reason, detail });
    }
  }
}
