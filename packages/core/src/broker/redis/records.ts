import type { CallOptions } from "../call-options.ts";
import {
  checkIds,
  checkPuts,
  checkQuery,
  checkRemovals,
  type RecordFacet,
  type RecordOutcome,
  type RecordPage,
  type RecordPut,
  type RecordQuery,
  type RecordRemoval,
  type RemovalOutcome,
  type StoredRecord,
} from "../record-facet.ts";
import { recordKeys } from "./keys.ts";
import { putRecordsLua, removeRecordsLua } from "./lua/generated.ts";
import { type RedisContext, secondAtOrAfter } from "./redis-context.ts";
import { runCommand, runScript, script } from "./run-script.ts";
import type { Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";
import { noAnswerTo } from "./wire/reply-shape.ts";

const putScript = script(putRecordsLua, "list");
const removeScript = script(removeRecordsLua, "list");

/** Redis ends a record by its own clock; so much later, the writer's clock may be ahead of it. */
const graceMs = 60_000;

export class RedisRecords implements RecordFacet {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  async putRecords(
    collection: string,
    puts: readonly RecordPut[],
    call?: CallOptions,
  ): Promise<readonly RecordOutcome[]> {
    checkPuts(collection, puts);
    if (puts.length === 0) return [];
    const { connection, clock } = this.#context;
    const now = Math.floor(clock.now());
    const keys = recordKeys(collection);
    const items = puts.flatMap(({ id, value, expected, endsAt }) => {
      const end = endsAt === undefined ? 0 : Math.floor(endsAt);
      const life = endsAt === undefined ? 0 : Math.max(1, secondAtOrAfter(end - now + graceMs));
      return [id, String(expected), String(end), String(life), value];
    });
    const head = [keys.record, String(now)];
    const answer = list(await runScript(connection, putScript, [keys.ids, keys.ends], [...head, ...items], call));
    return puts.map((_, index) => {
      const [word, revision] = wordsOf(answer[index]);
      if (word === "written") return { kind: "written", revision: Number(revision) };
      if (word === "conflict") return { kind: "conflict", revision: Number(revision) || undefined };
      if (word === "full") return { kind: "full" };
      throw noAnswerTo("the writing of records", "an outcome for each", answer[index] ?? null);
    });
  }

  async getRecords(
    collection: string,
    ids: readonly string[],
    call?: CallOptions,
  ): Promise<readonly (StoredRecord | undefined)[]> {
    checkIds(collection, ids);
    if (ids.length === 0) return [];
    const { connection, clock } = this.#context;
    const { record } = recordKeys(collection);
    const stored = list(await runCommand(connection, ["MGET", ...ids.map((id) => record + id)], call));
    const now = clock.now();
    return ids.map((id, index) => liveRecord(id, stored[index], now));
  }

  async removeRecords(
    collection: string,
    removals: readonly RecordRemoval[],
    call?: CallOptions,
  ): Promise<readonly RemovalOutcome[]> {
    checkRemovals(collection, removals);
    if (removals.length === 0) return [];
    const { connection, clock } = this.#context;
    const keys = recordKeys(collection);
    const args = [keys.record, String(Math.floor(clock.now()))];
    for (const { id, expected } of removals) args.push(id, String(expected));
    const answer = list(await runScript(connection, removeScript, [keys.ids, keys.ends], args, call));
    return removals.map((_, index) => {
      const [word, revision] = wordsOf(answer[index]);
      if (word === "removed" || word === "not_found") return { kind: word };
      if (word === "conflict") return { kind: "conflict", revision: Number(revision) };
      throw noAnswerTo("the removal of records", "an outcome for each", answer[index] ?? null);
    });
  }

  async listRecords(query: RecordQuery, call?: CallOptions): Promise<RecordPage> {
    checkQuery(query);
    const { collection, limit, order, cursor } = query;
    const keys = recordKeys(collection);
    const start = cursor === undefined ? undefined : `(${cursor}`;
    const range = order === "ascending" ? [start ?? "-", "+", "BYLEX"] : [start ?? "+", "-", "BYLEX", "REV"];
    const found = await runCommand(
      this.#context.connection,
      ["ZRANGE", keys.ids, ...range, "LIMIT", "0", String(limit)],
      call,
    );
    const ids = list(found).map((id) => text(id) ?? "");
    const records = await this.getRecords(collection, ids, call);
    return {
      records: records.filter((record) => record !== undefined),
      nextCursor: ids.length < limit ? undefined : ids.at(-1),
    };
  }
}

function wordsOf(reply: Reply | undefined): string[] {
  return (text(reply) ?? "").split(" ");
}

/** Undefined for a record that has ended, or that another program wrote. */
function liveRecord(id: string, reply: Reply | undefined, now: number): StoredRecord | undefined {
  const [, revision, end, writtenAt, value] = /^(\d{1,16}) (\d{1,16}) (\d{1,16}) (.*)$/s.exec(text(reply) ?? "") ?? [];
  if (revision === undefined || value === undefined) return undefined;
  const endsAt = Number(end) === 0 ? undefined : Number(end);
  if (endsAt !== undefined && endsAt <= now) return undefined;
  return { id, value, revision: Number(revision), writtenAt: Number(writtenAt), endsAt };
}
