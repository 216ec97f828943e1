/**
 * Names one call of a server that leases tasks. No two calls of a server have the same name. It tells the server and
 * the time of the call. So a task whose holder died still tells who claimed it, and when.
 */
export function leaseToken(serverId: string, call: number, now: number): string {
  return `${serverId}/c${call.toString(36)}.${Math.floor(now).toString(36)}`;
}

/** The server that a token was given to. Undefined when there is no token. */
export function serverOfToken(token: unknown): string | undefined {
  return typeof token === "string" ? token.slice(0, token.lastIndexOf("/")) : undefined;
}

/**
 * When the call was made, by its server's clock. Undefined when the token does not tell, such as one of an older
 * version.
 */
export function claimedAtOf(token: unknown): number | undefined {
  const [, moment] = (typeof token === "string" && /\/c[0-9a-z]+\.([0-9a-z]{1,9})$/.exec(token)) || [];
  return moment === undefined ? undefined : Number.parseInt(moment, 36);
}
