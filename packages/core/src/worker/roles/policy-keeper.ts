import { type ClaimPolicy, policyName, policyText } from "../../broker/claim-policy.ts";
import type { PolicyFacet } from "../../broker/policy-facet.ts";
import type { ClosedQueue } from "../../broker/work-facet.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";

const callTimeoutMs = 3_000;

/** How often it is to run. */
export const policyKeeperMs = 60_000;

export interface PolicyKeeperOptions {
  readonly broker: PolicyFacet;
  /** The policies by which claims take from queues of this server. */
  readonly policies: ReadonlyMap<string, ClaimPolicy>;
  readonly logger: Logger;
  /** Called when the store has the policy of a queue, if it did not have it before or was not asked for it. */
  readonly onAgreed: (queue: string) => void;
}

/**
 * Declares in the store the policies by which claims take from the queues of this server. Reports queues for which the
 * store has another policy: programs that disagree must not go on in silence.
 */
export class PolicyKeeper implements Role {
  readonly name = "declaring how queues are worked";
  readonly #options: PolicyKeeperOptions;
  readonly #agreed = new Set<string>();
  /** Queues for which the store has another policy, each with that policy. */
  readonly #differing = new Map<string, string>();
  readonly #toldUnknown = new Set<string>();

  constructor(options: PolicyKeeperOptions) {
    this.#options = options;
  }

  /**
   * Whether the store has a policy for the queue, or none is needed. Before that, nobody knows where its retries go.
   */
  isKnown(queue: string): boolean {
    return !this.#options.policies.has(queue) || this.#agreed.has(queue) || this.#differing.has(queue);
  }

  /**
   * A claim was refused by the policy of its queue. Returns whether that is news. Then the policy should be declared
   * again.
   */
  doubts({ queue, reason, policy = "" }: ClosedQueue): boolean {
    if (reason === "policy_unknown") {
      if (!this.#toldUnknown.has(queue)) {
        this.#toldUnknown.add(queue);
        this.#options.logger.error(
          "a queue is worked by a policy that this version does not know; it takes nothing from it until it is upgraded",
          { queue, policy },
        );
      }
      return false;
    }
    return this.#agreed.delete(queue) || !this.#differing.has(queue);
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const { broker, policies, onAgreed } = this.#options;
    const call = { timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) };
    const declare = async ([queue, policy]: [string, ClaimPolicy]): Promise<void> => {
      const answer = await broker.declarePolicy({ queue, policy }, call);
      if (answer.kind === "differs") {
        this.#differs(queue, policy, answer.stored);
        return;
      }
      this.#differing.delete(queue);
      if (this.#agreed.has(queue)) return;
      this.#agreed.add(queue);
      onAgreed(queue);
    };
    await Promise.all([...policies].map(declare));
  }

  #differs(queue: string, policy: ClaimPolicy, stored: string): void {
    this.#agreed.delete(queue);
    if (this.#differing.get(queue) === stored) return;
    this.#differing.set(queue, stored);
    const fields = { queue, expected: policyName(policyText(policy)), stored };
    const { logger } = this.#options;
    if (policy.kind === "open") {
      logger.warn(
        "the store says that a shard is worked in order, and this server was not told so; it obeys the store",
        fields,
      );
    } else {
      logger.error(
        'a shard is worked in another way than this server was told; it takes nothing from it. Give all programs the same "ordered", then call changeShardOrder once',
        fields,
      );
    }
  }
}
