import type { CallOptions } from "../call-options.ts";
import { policyName, policyText } from "../claim-policy.ts";
import type { PolicyAnswer, PolicyFacet, PolicyRequest } from "../policy-facet.ts";
import { queueKeys } from "./keys.ts";
import type { RedisContext } from "./redis-context.ts";
import { runCommand } from "./run-script.ts";
import { text } from "./wire/reply.ts";

export class RedisPolicy implements PolicyFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async declarePolicy({ queue, policy, replace = false }: PolicyRequest, call?: CallOptions): Promise<PolicyAnswer> {
    const { connection } = this.#context;
    const key = queueKeys(queue).policy;
    const declared = policyText(policy);
    const stored = text(await runCommand(connection, ["GET", key], call));
    if (stored === declared) return { kind: "agrees" };
    if (stored !== undefined && !replace) return { kind: "differs", stored };
    if (declared === undefined) {
      await runCommand(connection, ["DEL", key], call);
      return { kind: "declared" };
    }
    const written = await runCommand(connection, ["SET", key, declared, ...(replace ? [] : ["NX"])], call);
    if (written !== null) return { kind: "declared" };
    // Somebody was quicker.
    const theirs = text(await runCommand(connection, ["GET", key], call));
    return theirs === declared ? { kind: "agrees" } : { kind: "differs", stored: policyName(theirs) };
  }
}
