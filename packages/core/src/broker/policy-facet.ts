import type { CallOptions } from "./call-options.ts";
import type { ClaimPolicy } from "./claim-policy.ts";

export type PolicyAnswer =
  /** It is the queue's policy from now on. */
  | { readonly kind: "declared" }
  /** It was before. */
  | { readonly kind: "agrees" }
  /** The queue has another one, which stays. `stored` is how the store spells it: it may be one that this version does not know. */
  | { readonly kind: "differs"; readonly stored: string };

export interface PolicyRequest {
  readonly queue: string;
  readonly policy: ClaimPolicy;
  /** Whether it takes the place of another one. Default: false, so that programs that disagree hear of it. */
  readonly replace?: boolean;
}

export interface PolicyFacet {
  /**
   * Says by which policy claims take from a queue, which need not exist. It stays when the queue is removed: whoever
   * claims from the next queue of that name may not know of it.
   */
  declarePolicy(request: PolicyRequest, call?: CallOptions): Promise<PolicyAnswer>;
}
