import type { TaskLogResponse } from "@hikyaku/contract";
import type { TaskLogPage } from "hikyaku";

/** Lines of a task's log. */
export function presentTaskLog({ lines, dropped, nextCursor, endCursor }: TaskLogPage): TaskLogResponse {
  return {
    lines: lines.map(({ number, at, serverId, attempt, text, fields }) => ({
      number,
      at: at.toISOString(),
      server_id: serverId,
      attempt,
      text,
      fields: fields === undefined ? null : { ...fields },
    })),
    dropped,
    next: nextCursor ?? null,
    end: endCursor,
  };
}
