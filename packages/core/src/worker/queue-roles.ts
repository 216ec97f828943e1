import type { ServerRecord } from "../broker/presence-facet.ts";
import type { ClosedQueue } from "../broker/work-facet.ts";
import type { Periodic, Role } from "../runtime/periodic.ts";
import type { StatisticsTally } from "../statistics/statistics-tally.ts";
import type { LostAnswers } from "./leases/lost-answers.ts";
import { Forwarder } from "./roles/forwarder.ts";
import { Janitor } from "./roles/janitor.ts";
import { PolicyKeeper, policyKeeperMs } from "./roles/policy-keeper.ts";
import { Recoverer } from "./roles/recoverer.ts";
import type { ResolvedServerOptions } from "./server-options.ts";

const forwardMs = 2_000;
/** The longest pause. The forwarder also tells of leases that have ended. */
const recoverMs = 16_000;
const sweepMs = 8_000;

export interface QueueRolesOptions
  extends Pick<
    ResolvedServerOptions,
    | "broker"
    | "clock"
    | "random"
    | "logger"
    | "taskLog"
    | "reportFailure"
    | "policy"
    | "leaseMs"
    | "archiveOf"
    | "queues"
    | "plan"
  > {
  readonly serverId: string;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
  readonly lostAnswers: LostAnswers;
  readonly periodic: (role: Role, everyMs: number) => Periodic;
  readonly findServer: (serverId: string) => ServerRecord | undefined;
  /** The tokens of the queue's tasks that this server has not let go of. */
  readonly holding: (queue: string) => readonly string[];
  /** Called when a queue has new tasks to run. */
  readonly onWork: (queue: string) => void;
}

/**
 * The roles that each queue of a server has for itself: bringing due tasks, recovering lost ones, tidying up. Also the
 * role that declares the queues' policies.
 */
export class QueueRoles {
  readonly all: readonly Periodic[];
  readonly #options: QueueRolesOptions;
  readonly #policies: PolicyKeeper;
  readonly #declaring: Periodic;
  readonly #forwarding = new Map<string, Periodic>();
  readonly #recovering = new Map<string, { readonly recoverer: Recoverer; readonly periodic: Periodic }>();

  constructor(options: QueueRolesOptions) {
    this.#options = options;
    const { broker, logger, plan, periodic, onWork } = options;
    this.#policies = new PolicyKeeper({
      broker,
      logger,
      policies: plan.policies,
      onAgreed: (queue) => {
        this.#forwarding.get(queue)?.wake();
        onWork(queue);
      },
    });
    this.#declaring = periodic(this.#policies, policyKeeperMs);
    this.all = [
      // Costs nothing when no queue has a policy.
      ...(plan.policies.size > 0 ? [this.#declaring] : []),
      ...Object.keys(options.queues).flatMap((queue) => this.#rolesOf(queue)),
    ];
  }

  /** A task of the queue waits for this moment. */
  forwardAt(queue: string, at: number): void {
    this.#forwarding.get(queue)?.wake(at - this.#options.clock.now());
  }

  /** Tasks may be due of which nobody told us. */
  forwardAtOnce(): void {
    for (const forwarding of this.#forwarding.values()) forwarding.wake();
  }

  /** There may be tasks to recover right now. */
  recoverAtOnce(queues: Iterable<string>): void {
    for (const queue of queues) this.#recovering.get(queue)?.periodic.wake();
  }

  /** A claim was refused by the policy of its queue. */
  policyRefused(closed: ClosedQueue): void {
    if (this.#policies.doubts(closed)) this.#declaring.wake();
  }

  /** A server is surely dead: its tasks need not wait for the end of their leases. */
  noteGone({ serverId, queues }: ServerRecord): void {
    for (const queue of Object.keys(queues)) this.#recovering.get(queue)?.recoverer.noteGone(serverId);
    this.recoverAtOnce(Object.keys(queues));
  }

  #rolesOf(queue: string): Periodic[] {
    const { broker, clock, random, logger, taskLog, policy, leaseMs, archiveOf } = this.#options;
    const { serverId, statistics, lostAnswers, periodic, findServer, holding, onWork, reportFailure } = this.#options;
    const recoverer = new Recoverer({
      broker,
      clock,
      random,
      logger: taskLog,
      queue,
      serverId,
      leaseMs,
      policy,
      lostAnswers,
      findServer,
      holding,
      statistics,
      onRecovered: onWork,
      reportFailure,
    });
    const recovering = periodic(recoverer, recoverMs);
    const onLeaseOver = (): void => recovering.wake();
    const mayForward = (): boolean => this.#policies.isKnown(queue);
    const forwarder = new Forwarder({ broker, clock, taskLog, queue, mayForward, onMoved: onWork, onLeaseOver });
    const forwarding = periodic(forwarder, forwardMs);
    this.#forwarding.set(queue, forwarding);
    this.#recovering.set(queue, { recoverer, periodic: recovering });
    return [
      forwarding,
      recovering,
      periodic(new Janitor({ broker, clock, logger, queue, limits: archiveOf(queue) }), sweepMs),
    ];
  }
}
