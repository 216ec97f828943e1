import { momentText, type TaskLogResponse } from "@hikyaku/contract";
import type { TaskLogPage } from "hikyaku";
import { hides, MASKED, type Mask, maskedValue, noMask } from "./mask.ts";

/** Lines of a task's log. */
export function presentTaskLog(
  { lines, dropped, nextCursor, endCursor }: TaskLogPage,
  mask: Mask = noMask,
): TaskLogResponse {
  const isHidden = hides(mask, "logs");
  return {
    lines: lines.map(({ number, at, serverId, attempt, text, fields }) => ({
      number,
      at: momentText(at),
      server_id: serverId,
      attempt,
      text: isHidden ? MASKED : text,
      fields: fields === undefined || isHidden ? null : { ...(maskedValue(fields, mask) as typeof fields) },
    })),
    dropped,
    next: nextCursor ?? null,
    end: endCursor,
  };
}
