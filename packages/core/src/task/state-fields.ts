import type { StoredTask } from "../broker/inspect-facet.ts";

/** Where the stores keep one thing that they know of a task beside its message. */
export interface StateField {
  /** `attempts`: a JSON object a line. `progress`: JSON. The others as of a message's field. */
  readonly kind: "text" | "count" | "moment" | "bytes" | "attempts" | "progress";
  /** The field of the task's hash in Redis. Undefined when the task's place in a list or set tells it. */
  readonly hash: string | undefined;
  /** The column of the table `tasks` in SQLite. Undefined when SQLite needs none. */
  readonly column: string | undefined;
}

interface ShownField extends StateField {
  readonly column: string;
}

/** What `StoredTask` tells beside the message. */
// biome-ignore format: a table is read by its columns
export const shownStateFields = {
  state: { kind: "text", hash: "state", column: "state" },
  dueAt: { kind: "moment", hash: undefined, column: "due_at" },
  keptUntil: { kind: "moment", hash: undefined, column: "kept_until" },
  archivedAt: { kind: "moment", hash: undefined, column: "archived_at" },
  pendingSince: { kind: "moment", hash: "pending_since", column: "pending_since" },
  leaseEndsAt: { kind: "moment", hash: undefined, column: "lease_ends_at" },
  leaseToken: { kind: "text", hash: "hk:lease", column: "lease_token" },
  result: { kind: "bytes", hash: "result", column: "result" },
  attempts: { kind: "attempts", hash: "hk:attempts", column: "attempts" },
  lostAttempts: { kind: "count", hash: "hk:lost", column: "lost_attempts" },
  progress: { kind: "progress", hash: "hk:progress", column: "progress" },
} as const satisfies Readonly<Record<Exclude<keyof StoredTask, "unreadable" | "message">, ShownField>>;

/** What stores write for themselves: an operation on leases, lines or groups goes by it. */
// biome-ignore format: a table is read by its columns
export const innerStateFields = {
  number: { kind: "count", hash: undefined, column: "number" },
  position: { kind: "count", hash: undefined, column: "position" },
  claimedAt: { kind: "moment", hash: undefined, column: "claimed_at" },
  settledToken: { kind: "text", hash: "hk:lease", column: "settled_token" },
  groupedAt: { kind: "moment", hash: undefined, column: "grouped_at" },
  setId: { kind: "text", hash: undefined, column: "set_id" },
  joinedAt: { kind: "moment", hash: undefined, column: "joined_at" },
  lostAlone: { kind: "count", hash: "hk:alone", column: "lost_alone" },
  beganToken: { kind: "text", hash: "hk:began", column: "began_token" },
  log: { kind: "text", hash: "hk:log", column: "log" },
  archiveReason: { kind: "text", hash: "hk:reason", column: undefined },
} as const satisfies Readonly<Record<string, StateField>>;
