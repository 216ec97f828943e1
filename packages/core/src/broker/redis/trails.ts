import type { CallOptions } from "../call-options.ts";
import { checkName } from "../record-facet.ts";
import {
  checkAppend,
  checkTrailQuery,
  leastPosition,
  type TrailAppend,
  type TrailEntry,
  type TrailFacet,
  type TrailPage,
  type TrailQuery,
} from "../trail-facet.ts";
import { trailKey } from "./keys.ts";
import { appendTrailLua } from "./lua/generated.ts";
import { type RedisContext, secondAtOrAfter } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import type { Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

const appendScript = script(appendTrailLua, "number");

export class RedisTrails implements TrailFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async appendToTrail(append: TrailAppend, call?: CallOptions): Promise<void> {
    checkAppend(append);
    const { trail, values, maxEntries, maxAgeMs } = append;
    if (values.length === 0) return;
    const { connection, clock } = this.#context;
    const now = Math.floor(clock.now());
    const bounds = [String(leastPosition(now - maxAgeMs)), String(maxEntries), String(secondAtOrAfter(maxAgeMs))];
    const args = [String(leastPosition(now)), String(now), ...bounds, ...values];
    await runScript(connection, appendScript, [trailKey(trail)], args, call);
  }

  async readTrail(query: TrailQuery, call?: CallOptions): Promise<TrailPage> {
    checkTrailQuery(query);
    const { trail, limit, cursor } = query;
    const newest = cursor === undefined ? "+inf" : `(${cursor}`;
    const page = ["ZRANGE", trailKey(trail), newest, "-inf", "BYSCORE", "REV", "LIMIT", "0", String(limit)];
    const members = list(await runCommand(this.#context.connection, page, call));
    const last = positionOf(members.at(-1));
    return {
      entries: members.map(entryOf).filter((entry) => entry !== undefined),
      nextCursor: members.length < limit ? undefined : last,
    };
  }

  async removeTrail(trail: string, call?: CallOptions): Promise<"removed" | "not_found"> {
    checkName("trail", trail);
    const removed = await runCommand(this.#context.connection, ["DEL", trailKey(trail)], call);
    return Number(removed) === 0 ? "not_found" : "removed";
  }
}

function positionOf(member: Reply | undefined): number | undefined {
  return entryOf(member)?.position;
}

/** Undefined for what another program wrote there. */
function entryOf(member: Reply | undefined): TrailEntry | undefined {
  const [, position, at, value] = /^(\d{1,16}) (\d{1,16}) (.*)$/s.exec(text(member) ?? "") ?? [];
  return value === undefined ? undefined : { position: Number(position), at: Number(at), value };
}
