/**
 * What somebody may be permitted to do, each by a word that stays the same between releases.
 *
 * - `read`: see what is there.
 * - `enqueue`: add tasks.
 * - `operate`: see and change tasks, queues and servers.
 * - `admin`: everything, also who may do what.
 */
export const SCOPES = ["read", "enqueue", "operate", "admin"] as const;

/** What somebody may be permitted to do. */
export type Scope = (typeof SCOPES)[number];

const includes: Readonly<Record<Scope, readonly Scope[]>> = {
  read: ["read"],
  enqueue: ["enqueue"],
  operate: ["operate", "read"],
  admin: SCOPES,
};

/** Whether the scopes `held` permit an action that needs `needed`. */
export function permits(held: readonly Scope[], needed: Scope): boolean {
  return held.some((scope) => includes[scope].includes(needed));
}
