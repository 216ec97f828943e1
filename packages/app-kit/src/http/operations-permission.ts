import type { Config } from "@hikyaku/config";
import { permits } from "@hikyaku/contract";
import {
  type AccessWay,
  ApiKeys,
  type Authorize,
  accessBy,
  basicAccess,
  bearerToken,
  fastifyHead,
  keyAccess,
  proxyIdentityAccess,
  refuseOtherBearers,
  refuseStrangers,
  Sessions,
  SignInLimit,
  sessionAccess,
  thisMachineAccess,
  tokenAccess,
} from "@hikyaku/operations/access";
import { RequestProblem } from "@hikyaku/operations/problems";
import type { FastifyRequest } from "fastify";
import { type Broker, isHikyakuError } from "hikyaku";

const howToSet =
  "Set a token in HIKYAKU__API__OPERATIONS__TOKEN, or in a file that HIKYAKU__API__OPERATIONS__TOKEN_FILE names, " +
  "restart, and send it as `Authorization: Bearer <token>`; or make a key with `hikyaku keys create`.";

/**
 * Who may use the operations: whoever shows a credential of the settings, this machine alone, or nobody until one is set.
 * Keys of the store open them in each case.
 */
export type OperationsAccess = "credential" | "this_machine" | "closed";

/**
 * Decides who may use the operations API, and see what only operators should.
 *
 * A key of the store and the token of `api.operations.token` come as a bearer token, the user of `api.auth.basic` by basic
 * authentication, and the users of `api.auth.proxy` by what a trusted proxy says of them. Where none of these is set,
 * nobody may without a key, except in `local` and `develop`, where this machine itself may. A request is this machine's
 * when it comes from a loopback address, names one, shows no trace of a proxy, and does not come from another site's page.
 */
export class OperationsPermission {
  readonly access: OperationsAccess;
  readonly authorize: Authorize;
  /** The keys of the store that it was given. */
  readonly keys: ApiKeys;
  /** The sessions of that store. Their cookies go over HTTPS alone, except in `local` and `develop`. */
  readonly sessions: Sessions;

  constructor({ appEnv, api }: Pick<Config, "appEnv" | "api">, broker: Broker) {
    this.keys = new ApiKeys(broker);
    const byToken = tokenWays(api);
    const otherWays = otherWaysOf(api);
    const isOwn = appEnv === "local" || appEnv === "develop";
    const { maxHours } = api.auth.session;
    const secure = !isOwn;
    this.sessions = new Sessions({ broker, longest: `${maxHours}h`, secure });
    this.access = byToken.length + otherWays.length > 0 ? "credential" : isOwn ? "this_machine" : "closed";
    const otherwise = {
      credential: refuseStrangers(howToEnter(api)),
      this_machine: thisMachineAccess({ hint: howToSet }),
      closed: refuseStrangers(
        `Operations are closed, since no credential is set for them; everything else serves. ${howToSet}`,
      ),
    };
    this.authorize = accessBy(
      [...byToken, keyAccess(this.keys), refuseOtherBearers, ...otherWays, sessionAccess(this.sessions, this.keys)],
      otherwise[this.access],
    );
  }

  /**
   * Whether this request may read. Answers to others must hold nothing of hosts, processes, paths, builds and errors. A
   * store that does not say whose a key is lets nobody read.
   */
  async canRead(request: FastifyRequest): Promise<boolean> {
    try {
      const { scopes, queues } = await this.authorize(fastifyHead(request));
      return permits(scopes, "read") && queues === undefined;
    } catch (error) {
      if (error instanceof RequestProblem || isHikyakuError(error)) return false;
      throw error;
    }
  }
}

/** The way in by the token of the settings, if there is one. */
function tokenWays({ operations: { token } }: Config["api"]): AccessWay[] {
  if (token === undefined) return [];
  const isToken = tokenAccess(token);
  return [
    (head) => {
      const sent = bearerToken(head.headers.authorization);
      // A key of the store is another way in.
      return sent === undefined || (sent.startsWith("hk_") && sent !== token) ? undefined : isToken(head);
    },
  ];
}

/** The ways in that the settings open to who shows no bearer token. */
function otherWaysOf({ auth }: Config["api"]): AccessWay[] {
  const ways: AccessWay[] = [];
  const { username, password } = auth.basic;
  if (username !== undefined && password !== undefined) {
    ways.push(basicAccess({ username, password, limit: new SignInLimit() }));
  }
  if (auth.proxy.trusted.length > 0) ways.push(proxyIdentityAccess(auth.proxy));
  return ways;
}

function howToEnter({ operations, auth }: Config["api"]): string {
  const ways = [
    operations.token === undefined
      ? "a key as `Authorization: Bearer <key>`"
      : "a token or a key as `Authorization: Bearer <token>`",
    ...(auth.basic.username === undefined ? [] : ["the user name and the password by basic authentication"]),
    ...(auth.proxy.trusted.length === 0 ? [] : ["what the proxy says of who signed in there"]),
  ];
  return `Operations need to know who asks: send ${ways.join(", or ")}.`;
}
