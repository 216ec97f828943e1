import type { GroupFacet } from "../../broker/group-facet.ts";
import type { Random } from "../../runtime/backoff.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Periodic, Role } from "../../runtime/periodic.ts";
import type { StatisticsTally } from "../../statistics/statistics-tally.ts";
import type { Company } from "../handling/company.ts";
import type { ReportFailure } from "../handling/failed-attempt.ts";
import { AggregateFunctions } from "./aggregate-functions.ts";
import { Aggregator } from "./aggregator.ts";
import { SetReclaimer } from "./set-reclaimer.ts";

const reclaimMs = 10_000;

export interface GroupRolesOptions {
  readonly broker: GroupFacet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For lines about single tasks. */
  readonly taskLog: Logger;
  /** Undefined: nobody counts. */
  readonly statistics: StatisticsTally | undefined;
  /** Called for each task that is archived. */
  readonly reportFailure: ReportFailure;
  readonly maxPayloadBytes: number;
  readonly company: Company;
  readonly periodic: (role: Role, everyMs: number) => Periodic;
}

/**
 * All that a server does for groups. Without aggregate functions it leaves groups alone, but still puts back sets that
 * another server took and lost.
 */
export class GroupRoles {
  readonly aggregators = new AggregateFunctions();
  readonly #options: GroupRolesOptions;
  readonly #roles: Aggregator[] = [];

  constructor(options: GroupRolesOptions) {
    this.#options = options;
  }

  /** The roles of these queues, once all functions are known. */
  rolesOf(queues: readonly string[]): Periodic[] {
    return queues.flatMap((queue) => this.#rolesOf(queue));
  }

  /** Resolves when no function runs any more. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.#roles.map((role) => role.whenIdle()));
  }

  /** Ends the time of functions that still run. Their tasks go back. */
  abort(): void {
    for (const role of this.#roles) role.abort();
  }

  #rolesOf(queue: string): Periodic[] {
    const { broker, logger, periodic } = this.#options;
    const aggregating = this.aggregators.size === 0 ? undefined : this.#aggregatorOf(queue);
    const onReclaimed = (): void => aggregating?.wake();
    const reclaimer = periodic(new SetReclaimer(broker, queue, logger, onReclaimed), reclaimMs);
    return aggregating === undefined ? [reclaimer] : [aggregating, reclaimer];
  }

  #aggregatorOf(queue: string): Periodic {
    const { periodic } = this.#options;
    const { aggregators } = this;
    const role = new Aggregator({ ...this.#options, queue, aggregators, onRoom: () => running.wake() });
    const running = periodic(role, aggregators.checkMs);
    this.#roles.push(role);
    return running;
  }
}
