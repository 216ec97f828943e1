import type { CallOptions } from "../call-options.ts";
import type { ArchiveLimits, ForwardAnswer, ForwardRequest, MaintainFacet, SweepAnswer } from "../maintain-facet.ts";
import type { SetAside } from "../work-facet.ts";
import { queueKeys } from "./keys.ts";
import { forwardDueLua, sweepLua } from "./lua/generated.ts";
import { nanoseconds, type RedisContext, wholeSeconds } from "./redis-context.ts";
import { runScript, script } from "./run-script.ts";
import type { Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

const forwardScript = script(forwardDueLua, "list");
const sweepScript = script(sweepLua, "list");

export class RedisMaintain implements MaintainFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async forwardDue({ queue, limit }: ForwardRequest, call?: CallOptions): Promise<ForwardAnswer> {
    const keys = queueKeys(queue);
    const now = Math.floor(this.#context.clock.now());
    const answer = await runScript(
      this.#context.connection,
      forwardScript,
      [keys.pending, keys.scheduled, keys.retry, keys.groups, keys.due, keys.archived, keys.lease, keys.policy],
      [keys.task, keys.group, String(now), String(wholeSeconds(now)), nanoseconds(now), String(limit)],
      call,
    );
    const [moved, nextDueAt, over, ghosts, strangers] = list(answer);
    const next = Number(text(nextDueAt) || Number.NaN);
    // A score may be infinite; such a task is never due.
    return {
      moved: Number(moved),
      nextDueAt: Number.isFinite(next) ? next : undefined,
      isLeaseOver: over === 1,
      setAside: setAsideOf(queue, list(ghosts), list(strangers)),
    };
  }

  async sweep(queue: string, limit: number, archive: ArchiveLimits, call?: CallOptions): Promise<SweepAnswer> {
    const keys = queueKeys(queue);
    const now = this.#context.clock.now();
    const answer = await runScript(
      this.#context.connection,
      sweepScript,
      [keys.completed, keys.archived],
      [
        keys.task,
        String(wholeSeconds(now)),
        String(wholeSeconds(now - archive.maxAgeMs)),
        String(archive.maxCount),
        String(limit),
      ],
      call,
    );
    const [completed, archived] = list(answer).map(Number);
    return { completed: completed ?? 0, archived: archived ?? 0, more: (completed ?? 0) + (archived ?? 0) >= limit };
  }
}

function setAsideOf(queue: string, ghosts: readonly Reply[], strangers: readonly Reply[]): SetAside[] {
  const found: SetAside[] = ghosts.map((id) => ({
    queue,
    taskId: text(id) ?? "",
    reason: "no_body",
    detail: "the task does not exist any more; its id was dropped",
  }));
  for (let index = 0; index < strangers.length; index += 2) {
    const why = text(strangers[index + 1]) || "its key holds something that is no task";
    found.push({
      queue,
      taskId: text(strangers[index]) ?? "",
      reason: "unreadable",
      detail: `${why}; it was archived`,
    });
  }
  return found;
}
