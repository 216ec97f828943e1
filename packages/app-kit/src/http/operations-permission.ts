import type { Config } from "@hikyaku/config";
import { permits } from "@hikyaku/contract";
import { type Authorize, challenge, fastifyHead, thisMachineAccess, tokenAccess } from "@hikyaku/operations/access";
import { RequestProblem } from "@hikyaku/operations/problems";
import type { FastifyRequest } from "fastify";

const howToSet =
  "Set a token in HIKYAKU__API__OPERATIONS__TOKEN, or in a file that HIKYAKU__API__OPERATIONS__TOKEN_FILE names, " +
  "restart, and send it as `Authorization: Bearer <token>`.";

/** Who may use the operations: everybody with the token, this machine alone, or nobody until a token is set. */
export type OperationsAccess = "token" | "this_machine" | "closed";

/**
 * Decides who may use the operations API, and see what only operators should.
 *
 * With `api.operations.token`: everybody who sends it as a bearer token, from anywhere. Without it nobody, except in
 * `local` and `develop`, where this machine itself may. A request is this machine's when it comes from a loopback
 * address, names one, shows no trace of a proxy, and does not come from another site's page.
 */
export class OperationsPermission {
  readonly access: OperationsAccess;
  readonly authorize: Authorize;

  constructor({ appEnv, api }: Pick<Config, "appEnv" | "api">) {
    const { token } = api.operations;
    if (token !== undefined) {
      this.access = "token";
      this.authorize = tokenAccess(token);
    } else if (appEnv === "local" || appEnv === "develop") {
      this.access = "this_machine";
      this.authorize = thisMachineAccess({ hint: howToSet });
    } else {
      this.access = "closed";
      this.authorize = refuseEverybody;
    }
  }

  /**
   * Whether this request may read. Answers to others must hold nothing of hosts, processes, paths, builds and errors.
   */
  async canRead(request: FastifyRequest): Promise<boolean> {
    try {
      return permits((await this.authorize(fastifyHead(request))).scopes, "read");
    } catch (error) {
      if (error instanceof RequestProblem) return false;
      throw error;
    }
  }
}

function refuseEverybody(): never {
  const detail = `Operations are closed, since no token is set for them; everything else serves. ${howToSet}`;
  throw new RequestProblem("unauthenticated", detail, challenge);
}
