import { settledMessage } from "../settled-message.ts";
import type { Settlement } from "../work-facet.ts";
import { attemptLine } from "./attempt-line.ts";
import { Pack } from "./pack.ts";
import { secondAtOrAfter } from "./redis-context.ts";

const kinds = { done: 1, completed: 2, retry: 3, archived: 4, handed_back: 5 } as const;

/** Settlements as `work.lua` reads them. */
export function packSettlements(settlements: readonly Settlement[], now: number): Buffer {
  const pack = new Pack(settlements.length * 160);
  pack.list(settlements.map(({ task }) => task.lease.taskId));
  for (const { task, outcome, attempt, repeated } of settlements) {
    const { message, lease } = task;
    pack.text(lease.token);
    pack.number(repeated === true ? 1 : 0);
    pack.number(kinds[outcome.kind]);
    // A task that is removed keeps no history, so none is sent.
    pack.text(outcome.kind === "done" ? "" : attemptLine(attempt));
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
        pack.number(outcome.counted ? 1 : 0);
        break;
      case "archived":
        pack.message(settledMessage(message, outcome, now));
        break;
      case "handed_back":
        break;
    }
  }
  return pack.finish();
}
