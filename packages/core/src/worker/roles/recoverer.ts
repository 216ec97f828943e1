import { attemptServerOf } from "../../broker/attempt-history.ts";
import type { CallOptions } from "../../broker/call-options.ts";
import type { PresenceFacet, ServerRecord } from "../../broker/presence-facet.ts";
import type {
  AttemptRecord,
  GoneHolder,
  RecoverRequest,
  SetAside,
  Settlement,
  TakenOver,
  TakenOverTask,
  WorkFacet,
} from "../../broker/work-facet.ts";
import { HikyakuError } from "../../errors.ts";
import type { Random } from "../../runtime/backoff.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";
import type { StatisticsTally } from "../../statistics/statistics-tally.ts";
import type { ReportFailure } from "../handling/failed-attempt.ts";
import { decideOutcome, type OutcomePolicy } from "../handling/outcome.ts";
import { logOutcome } from "../handling/outcome-lines.ts";
import type { LostAnswers } from "../leases/lost-answers.ts";

const sliceSize = 50;

type FindServer = (serverId: string) => ServerRecord | undefined;

export interface RecovererOptions {
  readonly broker: Pick<WorkFacet, "takeOver" | "takeBack" | "settle"> & Pick<PresenceFacet, "silentServers">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly queue: string;
  readonly serverId: string;
  readonly leaseMs: number;
  readonly policy: OutcomePolicy;
  readonly lostAnswers: Pick<LostAnswers, "begin" | "tokensOf">;
  /** Where a server runs, or ran. Undefined when nobody knows. */
  readonly findServer: FindServer;
  /** The tokens of the queue's tasks that this server has not let go of. It does not take these tasks from itself. */
  readonly holding: (queue: string) => readonly string[];
  readonly onRecovered: (queue: string) => void;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
  /** Called for each lost attempt that cost the task a retry or archived it. */
  readonly reportFailure: ReportFailure;
}

/**
 * Takes over the tasks of one queue whose worker died, or stalled until its lease ran out, and puts them back. It does
 * not wait for the lease's end when surely nobody has the task: the server's process is gone, or the answer of the
 * claim was lost. Uses no slot. If this server dies in between, the lease that it took runs out in turn.
 */
export class Recoverer implements Role {
  readonly name: string;
  readonly #options: RecovererOptions;
  readonly #goneServers = new Set<string>();

  constructor(options: RecovererOptions) {
    this.name = `recovering lost tasks of queue "${options.queue}"`;
    this.#options = options;
  }

  /** The next run takes back the tasks of this server, whose process is surely gone. */
  noteGone(serverId: string): void {
    this.#goneServers.add(serverId);
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const { broker, queue, lostAnswers, holding } = this.#options;
    const call = signal === undefined ? undefined : { signal };
    const tokens = lostAnswers.tokensOf(queue);
    if (tokens.length > 0) {
      const from: GoneHolder = { kind: "lost_answers", tokens };
      await this.#takeAll((request) => broker.takeBack({ ...request, from }, call), false, signal);
    }
    for (const serverId of this.#goneServers) {
      const from: GoneHolder = { kind: "server", serverId };
      await this.#takeAll((request) => broker.takeBack({ ...request, from }, call), true, signal);
      this.#goneServers.delete(serverId);
    }
    await this.#takeAll((request) => broker.takeOver({ ...request, holding: holding(queue) }, call), true, signal);
  }

  /** `ran`: whether a handler may have begun to work on the tasks. */
  async #takeAll(
    take: (request: RecoverRequest) => Promise<TakenOver>,
    ran: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { broker, queue, serverId, leaseMs, lostAnswers, onRecovered } = this.#options;
    for (;;) {
      const { token, failed } = lostAnswers.begin([queue]);
      let taken: TakenOver;
      try {
        taken = await take({ queue, limit: sliceSize, serverId, leaseMs, token });
      } catch (error) {
        failed(error);
        throw error;
      }
      const { tasks, setAside } = taken;
      this.#reportSetAside(setAside);
      if (tasks.length > 0) {
        const call = signal === undefined ? undefined : { signal };
        const findServer = await this.#knowingOf(tasks, call);
        const settlements = tasks.map((task) => (ran ? this.#settlement(task, findServer) : handBack(task)));
        const { results } = await broker.settle(settlements, undefined, call);
        for (const [index, settlement] of settlements.entries()) {
          if (results[index] !== "settled") continue;
          this.#options.statistics?.settled(settlement);
          this.#report(settlement);
        }
        onRecovered(queue);
      }
      if (tasks.length + setAside.length < sliceSize || signal?.aborted === true) return;
    }
  }

  #report({ task, outcome, attempt }: Settlement): void {
    const { logger, reportFailure } = this.#options;
    const { message, lostAttempts } = task;
    const { id: taskId, type, queue } = message;
    if (attempt === undefined) {
      logger.info("took back a task: the answer that gave it to this server was lost", { taskId, type, queue });
      return;
    }
    const lost = { lostAttempts, previousServerId: attempt.serverId };
    if (outcome.kind === "handed_back") {
      logger.warn("recovered a task whose worker died or stalled", { taskId, type, queue, ...lost });
    } else {
      logOutcome(logger, message, outcome, lost);
      if ("error" in outcome) reportFailure(new HikyakuError("lease_lost", outcome.error), message, outcome.kind);
    }
  }

  /** Also finds servers that this one never met: the store remembers servers that fell silent in the last minutes. */
  async #knowingOf(tasks: readonly TakenOverTask[], call: CallOptions | undefined): Promise<FindServer> {
    const { broker, findServer } = this.#options;
    const isKnown = ({ previousServerId }: TakenOverTask): boolean =>
      previousServerId === undefined || findServer(previousServerId) !== undefined;
    if (tasks.every(isKnown)) return findServer;
    try {
      const silent = new Map((await broker.silentServers(call)).map(({ server }) => [server.serverId, server]));
      return (serverId) => findServer(serverId) ?? silent.get(serverId);
    } catch {
      // The name of the lost server is worth a question. It is not worth leaving the tasks where they are.
      return findServer;
    }
  }

  #settlement({ task, previousServerId, claimedAt, lostAlone }: TakenOverTask, findServer: FindServer): Settlement {
    const { clock, random, policy } = this.#options;
    const now = clock.now();
    const { message, lostAttempts } = task;
    const outcome = decideOutcome(message, { kind: "lost", lostAttempts, lostAlone }, policy, now, random);
    const previous = previousServerId === undefined ? undefined : findServer(previousServerId);
    const attempt: AttemptRecord = {
      ...attemptServerOf(previousServerId ?? "unknown", previous),
      startedAt: Math.min(claimedAt ?? now, now),
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

function handBack({ task }: TakenOverTask): Settlement {
  return { task, outcome: { kind: "handed_back" } };
}
