import { attemptText } from "../attempt-history.ts";
import { linesText } from "../kept-log.ts";
import { settledMessage } from "../settled-message.ts";
import type { Settlement } from "../work-facet.ts";
import { Pack } from "./pack.ts";
import { secondAtOrAfter } from "./redis-context.ts";

const kinds = { done: 1, completed: 2, retry: 3, archived: 4, handed_back: 5 } as const;

/** Settlements as `work.lua` reads them. */
export function packSettlements(settlements: readonly Settlement[], now: number): Buffer {
  const pack = new Pack(settlements.length * 96);
  pack.list(settlements.map(({ task }) => task.lease.taskId));
  const token = settlements[0]?.task.lease.token ?? "";
  const isSame = settlements.every(({ task }) => task.lease.token === token);
  pack.list(isSame ? [token] : settlements.map(({ task }) => task.lease.token));
  if (!settlements.every(isPlain)) for (const settlement of settlements) packOutcome(pack, settlement, now);
  return pack.finish();
}

/** Whether the settlement says nothing but that the task is done. */
export function isPlain({ task, outcome, repeated }: Settlement): boolean {
  return outcome.kind === "done" && repeated !== true && task.message.uniqueKey === "";
}

function packOutcome(pack: Pack, settlement: Settlement, now: number): void {
  const { outcome, attempt, repeated, survived, report } = settlement;
  const { message } = settlement.task;
  pack.number(repeated === true ? 1 : 0);
  pack.number(kinds[outcome.kind]);
  // A task that is removed keeps no history, so none is sent.
  const line = outcome.kind === "done" || attempt === undefined ? "" : attemptText(attempt);
  if (report === undefined || outcome.kind === "done") {
    pack.text(line);
  } else {
    const { from = 1, lines = [] } = report.log ?? {};
    pack.list([line, report.progress ?? "", String(from), String(lines.length), linesText(lines)]);
  }
  switch (outcome.kind) {
    case "done":
      pack.text(message.uniqueKey);
      break;
    case "completed":
      pack.text(message.uniqueKey);
      pack.message(settledMessage(message, outcome, now));
      pack.number(secondAtOrAfter(now + message.retentionMs));
      if (outcome.result === undefined) pack.nothing();
      else pack.bytes(outcome.result);
      break;
    case "retry":
      pack.message(settledMessage(message, outcome, now));
      pack.number(secondAtOrAfter(outcome.at));
      pack.number(Math.ceil(outcome.at));
      pack.number((outcome.counted ? 1 : 0) + (survived === true ? 2 : 0));
      break;
    case "archived":
      pack.message(settledMessage(message, outcome, now));
      break;
    case "handed_back":
      break;
  }
}
