import { attemptText } from "../attempt-history.ts";
import type { CallOptions } from "../call-options.ts";
import type { ControlFacet, EvictAnswer, EvictRequest, ServerOrder } from "../control-facet.ts";
import { controlChannel, evictedKey, orderedServersKey, ordersKey, queueKeys } from "./keys.ts";
import { evictLua, putOrderLua } from "./lua/generated.ts";
import { nanoseconds, type RedisContext, secondAtOrAfter, wholeSeconds } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import { list, text } from "./wire/reply.ts";

const putOrderScript = script(putOrderLua, "number");
const evictScript = script(evictLua, "list");

export class RedisControl implements ControlFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async order(order: ServerOrder, ttlMs: number, call?: CallOptions): Promise<void> {
    const { connection, clock } = this.#context;
    const json = JSON.stringify(order);
    const life = String(secondAtOrAfter(ttlMs));
    const until = String(secondAtOrAfter(clock.now() + ttlMs));
    // Count the order, then keep it, then publish it: so none is kept uncounted, and a server that hears of it finds
    // it.
    await runCommand(connection, ["ZADD", orderedServersKey, "GT", until, order.serverId], call);
    const left = Number(await runCommand(connection, ["TTL", orderedServersKey], call));
    if (left < Number(life)) await runCommand(connection, ["EXPIRE", orderedServersKey, life], call);
    await runScript(connection, putOrderScript, [ordersKey(order.serverId)], [order.kind, json, life], call);
    await runCommand(connection, ["PUBLISH", controlChannel, json], call);
  }

  async orderedServers(call?: CallOptions): Promise<number> {
    const { connection, clock } = this.#context;
    const now = String(wholeSeconds(clock.now()));
    await runCommand(connection, ["ZREMRANGEBYSCORE", orderedServersKey, "-inf", now], call);
    return Number(await runCommand(connection, ["ZCARD", orderedServersKey], call));
  }

  async evict(request: EvictRequest, call?: CallOptions): Promise<EvictAnswer> {
    const { queue, serverId, refuseForMs, limit, cursor = "0", foreignTaskIds = [], attempt } = request;
    const keys = queueKeys(queue);
    const answer = await runScript(
      this.#context.connection,
      evictScript,
      [keys.pending, keys.active, keys.lease, evictedKey(queue, serverId)],
      [
        keys.task,
        nanoseconds(this.#context.clock.now()),
        `${serverId}/`,
        String(Math.max(1, secondAtOrAfter(refuseForMs))),
        cursor,
        String(limit),
        attemptText(attempt),
        ...foreignTaskIds,
      ],
      call,
    );
    const [freed, next, goesOn] = list(answer);
    return {
      taskIds: list(freed).map((id) => text(id) ?? ""),
      nextCursor: goesOn === 1 ? text(next) : undefined,
    };
  }
}
