/**
 * Names one call of a server that leases tasks; no two calls of a server have the same. It tells whose it is and when it
 * was made, so that a task whose holder died can still say by whom it was claimed, and since when.
 */
export function leaseToken(serverId: string, call: number, now: number): string {
  return `${serverId}/c${call.toString(36)}.${Math.floor(now).toString(36)}`;
}

/** The server that a token was given to; undefined where there is no token. */
export function serverOfToken(token: unknown): string | undefined {
  return typeof token === "string" ? token.slice(0, token.lastIndexOf("/")) : undefined;
}

/** When the call was made, by its server's clock; undefined for a token that does not tell, as those of older versions. */
export function claimedAtOf(token: unknown): number | undefined {
  const [, moment] = (typeof token === "string" && /\/c[0-9a-z]+\.([0-9a-z]{1,9})$/.exec(token)) || [];
  return moment === undefined ? undefined : Number.parseInt(moment, 36);
}
