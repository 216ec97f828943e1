import "../support/expectations.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { Signal } from "../../src/broker/signal-facet.ts";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { uniqueScope } from "../../src/codec/unique-scope.ts";
import { checkStore } from "../../src/doctor/check-store.ts";
import type { FieldKind } from "../../src/task/field-kind.ts";
import { fieldNames, fieldRow } from "../../src/task/task-fields.ts";
import { bytes, placedAt, placedNow, unique } from "../support/builders.ts";
import { FakeClock } from "../support/fake-clock.ts";
import {
  archivedNeighbour,
  completedNeighbour,
  fillQueue,
  lookAtAll,
  neighboursToRun,
  places,
  victimOf,
  workItOff,
} from "./queue-with-victims.ts";

const times = Number(process.env["HIKYAKU_FUZZ"] ?? 1);
const seed = Number(process.env["HIKYAKU_SEED"] ?? 20_261_121);

const anyText = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((data) => Buffer.from(data)),
  fc
    .constantFrom(
      "",
      "null",
      "5",
      "[]",
      "[null]",
      "[5]",
      '[{"no":1}]',
      "{}",
      '{"a":5}',
      '{"a":null}',
      '"x"',
      "{",
      "a/b",
      "1e999",
    )
    .map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text)),
);
const anyNumber = fc.constantFrom(
  0n,
  -1n,
  1n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  -(2n ** 53n),
);
const columnsOf = (...kinds: FieldKind[]): string[] =>
  fieldNames.map(fieldRow).flatMap(({ kind, column }) => (kinds.includes(kind) ? [column] : []));
const namedBy = new Set(["id", "type", "queue", "group_name"]);
const textColumns = [
  ...columnsOf("text", "texts", "wire_fields").filter((column) => !namedBy.has(column)),
  "attempts",
  "settled_token",
  "lease_token",
];
const numberColumns = [...columnsOf("count", "duration", "moment"), "lost_attempts", "lost_alone"];
const anyPlace = fc.constantFrom(...places);

describe("any bytes in the columns of a SQLite file", () => {
  let folder: string;
  let raw: DatabaseSync;
  let broker: Broker;
  let clock: FakeClock;
  let queues = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-fuzz-"));
    const path = join(folder, "tasks.db");
    clock = new FakeClock();
    broker = sqliteBroker({ path, clock });
    await broker.ready();
    raw = new DatabaseSync(path, { timeout: 5_000 });
  });
  afterAll(async () => {
    raw?.close();
    await broker?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Breaks a queue of its own, and holds everything that a store owes against what is left. */
  async function survives(damage: (queue: string) => void): Promise<void> {
    const queue = `q${queues++}`;
    const held = await fillQueue(broker, clock, queue);
    damage(queue);
    await lookAtAll(broker, queue);
    await checkStore(broker, { queues: [queue], scope: "tasks", graceMs: 0 });
    const { run, setAside } = await workItOff(broker, queue, held);
    await lookAtAll(broker, queue);

    expect(neighboursToRun.filter((id) => !run.has(id))).toEqual([]);
    const [archived, completed] = await broker.get(queue, [archivedNeighbour, completedNeighbour]);
    expect([archived?.state, completed?.state]).toEqual(["archived", undefined]);
    const aside = new Set(setAside.map(({ taskId }) => taskId));
    for (const { detail } of setAside) expect(detail).not.toBe("");
    const victims = places.filter((place) => place !== "archived" && place !== "completed").map(victimOf);
    const kept = await broker.get(queue, victims);
    for (const [index, id] of victims.entries()) {
      expect([id, run.has(id) || kept[index] !== undefined]).toEqual([id, true]);
      if (aside.has(id)) expect([run.has(id), kept[index]?.state]).toEqual([false, "archived"]);
    }

    await checkStore(broker, { queues: [queue], scope: "all", graceMs: 0, repair: true });
    const left = await checkStore(broker, { queues: [queue], scope: "tasks", graceMs: 0 });
    expect(left.filter(({ repair }) => repair === "repairable")).toEqual([]);
    const again = unique(placedNow({ queue, payload: bytes("again"), id: "again" }));
    const later = placedAt(clock.now() + 1_000, { queue, id: "later" });
    expect((await broker.enqueue([again, later])).map(({ kind }) => kind)).toEqual(["accepted", "accepted"]);
    clock.advance(7_200_000);
    let answer = await broker.removeQueue(queue, { force: true, limit: 100 });
    while (answer.kind === "more")
      answer = await broker.removeQueue(queue, { force: true, limit: 100, cursor: answer.cursor });
    expect(answer.kind).toBe("removed");
  }

  const options = { timeout: 60_000 * times };
  const parameters = (numRuns: number) => ({ seed, numRuns: numRuns * times });

  it("in the texts of a task set that task aside with a reason, and its neighbours run", options, async () => {
    const damages = fc.array(fc.tuple(anyPlace, fc.constantFrom(...textColumns), anyText), {
      minLength: 1,
      maxLength: 5,
    });
    const property = fc.asyncProperty(damages, (changes) =>
      survives((queue) => {
        for (const [place, column, value] of changes) {
          // A lease goes with its state: one that others wrote over is lost, as it should be.
          if (column === "lease_token" && place !== "active") continue;
          const sql = `UPDATE tasks SET ${column} = CAST(? AS TEXT) WHERE queue = ? AND id = ?`;
          raw.prepare(sql).run(value, queue, victimOf(place));
        }
      }),
    );
    await fc.assert(property, parameters(25));
  });

  it("in the numbers of a task set that task aside with a reason, and its neighbours run", options, async () => {
    const damages = fc.array(fc.tuple(anyPlace, fc.constantFrom(...numberColumns), anyNumber), {
      minLength: 1,
      maxLength: 5,
    });
    const property = fc.asyncProperty(damages, (changes) =>
      survives((queue) => {
        for (const [place, column, value] of changes) {
          raw.prepare(`UPDATE tasks SET ${column} = ? WHERE queue = ? AND id = ?`).run(value, queue, victimOf(place));
        }
      }),
    );
    await fc.assert(property, parameters(25));
  });

  it("in a moment of a task cost no neighbour its turn", options, async () => {
    const moments = fc.constantFrom(
      ["scheduled", "due_at"],
      ["retry", "due_at"],
      ["archived", "archived_at"],
      ["completed", "kept_until"],
      ["pending", "pending_since"],
    );
    const property = fc.asyncProperty(moments, anyNumber, ([place, column], value) =>
      survives((queue) => {
        raw.prepare(`UPDATE tasks SET ${column} = ? WHERE queue = ? AND id = ?`).run(value, queue, victimOf(place));
      }),
    );
    await fc.assert(property, parameters(15));
  });

  it("in a lock cost no neighbour its turn", options, async () => {
    const property = fc.asyncProperty(anyPlace, anyText, anyNumber, (place, owner, endsAt) =>
      survives((queue) => {
        const sql = "UPDATE locks SET owner_id = CAST(? AS TEXT), expires_at = ? WHERE queue = ? AND scope = ?";
        raw.prepare(sql).run(owner, endsAt, queue, uniqueScope("email:send", bytes(victimOf(place))));
      }),
    );
    await fc.assert(property, parameters(15));
  });

  it("in the records of servers and schedules hide no sound one, and no signal is lost for them", options, async () => {
    const heard: Signal[] = [];
    const stop = broker.listen((signal) => void (signal.kind !== "listening" && heard.push(signal)));
    const property = fc.asyncProperty(anyText, anyText, async (one, other) => {
      heard.length = 0;
      const until = clock.now() + 60_000;
      const insertServer = `INSERT OR REPLACE INTO servers (host, pid, server_id, expires_at, server, workers)
        VALUES ('h', 1, 'victim', ?, CAST(? AS TEXT), CAST(? AS TEXT))`;
      raw.prepare(insertServer).run(until, one, other);
      raw.prepare("INSERT OR REPLACE INTO schedulers VALUES ('victim', ?, CAST(? AS TEXT))").run(until, one);
      raw.prepare("INSERT OR REPLACE INTO durable_entries VALUES ('victim', 1, CAST(? AS TEXT))").run(one);
      raw.prepare("INSERT INTO signals (sent_at, signal) VALUES (?, CAST(? AS TEXT))").run(clock.now(), one);
      const sound = { serverId: "sound", host: "host", pid: 7, concurrency: 3, queues: { default: 1 } };
      const server = { ...sound, strictPriority: false, status: "active" as const, startedAt: 1, activeWorkers: 0 };
      await broker.announce({ ...server, details: undefined }, [], 60_000);
      const record = { entryId: "sound", spec: "@hourly", taskType: "t", payload: undefined, options: [] };
      await broker.announceEntries("scheduler", [{ ...record, nextAt: 5, previousAt: undefined }], 60_000);
      await broker.send({ kind: "cancel", taskId: "x", queue: "default" });

      const present = await broker.servers();
      expect(present.servers.map(({ serverId }) => serverId)).toContain("sound");
      expect((await broker.scheduleRecords()).map(({ entryId }) => entryId)).toContain("sound");
      await broker.silentServers();
      expect([await broker.durableEntries(), await broker.unreadableEntries()]).toEqual([[], ["victim"]]);
      const details = (await checkStore(broker, { scope: "all", graceMs: 0 })).map(({ detail }) => detail);
      expect(details).toContain('the durable schedule "victim" can\'t be read');
      if (present.servers.length < 2) expect(details).toContain("the record victim of a server can't be read");
      await expect.poll(() => heard.filter(({ kind }) => kind === "cancel")).toHaveLength(1);
    });
    try {
      await fc.assert(property, parameters(25));
    } finally {
      stop();
    }
  });
});
