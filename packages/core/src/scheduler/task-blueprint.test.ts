import { describe, expect, it, onTestFinished } from "vitest";
import { sampleOf } from "../../test/support/field-samples.ts";
import { SourceCopy } from "../../test/support/source-copy.ts";
import { rawBytes } from "../task/payload.ts";
import { defineTask } from "../task/task.ts";
import { requestFieldNames } from "../task/task-fields.ts";
import { goDuration, parseGoDuration } from "./go-duration.ts";
import {
  blueprintFromJson,
  blueprintJson,
  blueprintOf,
  extraItem,
  optionTexts,
  staticEntryId,
  turnItem,
} from "./task-blueprint.ts";

const now = Date.parse("2026-05-14T01:02:03.250Z");
const task = defineTask({ type: "report:send", headers: { a: "1" } });

describe("the blueprint of a periodic task", () => {
  it("writes its options as Asynq reads them", async () => {
    const blueprint = await blueprintOf(
      task.with(
        { day: 1 },
        {
          queue: "low",
          maxRetry: 5,
          taskId: "abc",
          timeout: "90m",
          deadline: new Date("2027-06-04T01:02:03Z"),
          uniqueFor: "1h",
          in: "36h5s",
          retention: "1500ms",
          group: 'g"(x)',
        },
      ),
      now,
    );
    expect(optionTexts(blueprint)).toEqual([
      'Queue("low")',
      "MaxRetry(5)",
      'TaskID("abc")',
      "Timeout(1h30m0s)",
      "Deadline(Fri Jun  4 01:02:03 UTC 2027)",
      "Unique(1h0m0s)",
      "ProcessIn(36h0m5s)",
      "Retention(1.5s)",
      'Group("g\\"(x\\u0029")',
      'Header(["a","1"])',
    ]);
  });

  it("gives each turn of each entry an id of its own, the same wherever it is made", async () => {
    const blueprint = await blueprintOf(task.with({ day: 1 }), now);
    const idOf = (entryId: string, turnAt: number) => turnItem(blueprint, entryId, turnAt, now).message.id;
    expect(idOf("a", 60_000)).toBe(idOf("a", 60_000));
    expect(new Set([idOf("a", 60_000), idOf("a", 120_000), idOf("b", 60_000)]).size).toBe(3);
    expect(idOf("a", 60_000)).toMatch(/^00000000-ea60-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const named = await blueprintOf(task.with({ day: 1 }, { taskId: "mine" }), now);
    expect(turnItem(named, "a", 60_000, now).message.id).toBe("mine");
  });

  it("makes a task that is due a while after its turn, or joins its group", async () => {
    const delayed = await blueprintOf(task.with({ day: 1 }, { in: "90s" }), now);
    expect(turnItem(delayed, "a", now, now).placement).toEqual({ kind: "at", at: now + 90_000 });
    expect(turnItem(delayed, "a", now - 100_000, now).placement).toEqual({ kind: "now" });
    const grouped = await blueprintOf(task.with({ day: 1 }, { group: "g" }), now);
    expect(extraItem(grouped, () => "id", now)).toMatchObject({ message: { id: "id" }, placement: { kind: "group" } });
  });

  it("is the same after it was stored, with any payload", async () => {
    const raw = defineTask({ type: "raw", payload: rawBytes });
    for (const request of [
      task.with({ day: 1 }, { uniqueFor: "1h", in: "2s", headers: { b: "2" }, deadline: new Date(now + 1_000) }),
      raw.with(new Uint8Array([0, 255, 128])),
      raw.with(new Uint8Array()),
      task.with(undefined),
    ]) {
      const blueprint = await blueprintOf(request, now);
      const read = blueprintFromJson(blueprintJson(blueprint));
      expect(blueprintJson(read)).toBe(blueprintJson(blueprint));
      expect(read.request.payload === undefined).toBe(blueprint.request.payload === undefined);
    }
    for (const json of ["", "{}", "[1,2,3,4,5]"])
      expect(() => blueprintFromJson(json)).toThrow(/expected what this library/);
  });

  it("is refused where it holds what this version has no name for, or another kind of value", async () => {
    const json = blueprintJson(await blueprintOf(task.with({ day: 1 }), now));
    const withField = (name: string, value: unknown): string => {
      const [fields, ...rest] = JSON.parse(json);
      return JSON.stringify([{ ...fields, [name]: value }, ...rest]);
    };
    expect(() => blueprintFromJson(withField("color", "red"))).toThrow(/"color", which this version does not know/);
    expect(() => blueprintFromJson(withField("payload", "red"))).toThrow(/"payload", which this version does not know/);
    expect(() => blueprintFromJson(withField("maxRetry", "5"))).toThrow(/"maxRetry", which is of another kind/);
    expect(blueprintJson(blueprintFromJson(withField("maxRetry", 5)))).toBe(withField("maxRetry", 5));
  });

  it("is refused with a delay or a uniqueness that is no length of time", async () => {
    const stored: unknown[] = JSON.parse(blueprintJson(await blueprintOf(task.with({ day: 1 }), now)));
    for (const [place, value] of [
      [3, -1],
      [3, "5s"],
      [3, null],
      [4, -1],
      [4, "5s"],
    ] as const) {
      expect(() => blueprintFromJson(JSON.stringify(stored.with(place, value)))).toThrow(/expected what this library/);
    }
    expect(blueprintFromJson(JSON.stringify(stored.with(4, 5_000)))).toMatchObject({ uniqueForMs: 5_000 });
  });

  it.each(["color: string", "color?: string"])(
    "is refused by the type checker with one more part that is neither stored nor named: %s",
    { timeout: 180_000 },
    (part) => {
      const copy = new SourceCopy();
      onTestFinished(() => copy.remove());
      copy.insert("scheduler/task-blueprint.ts", "export interface TaskBlueprint {", `readonly ${part};`);
      expect(copy.refused()).toEqual(["scheduler/task-blueprint.ts"]);
    },
  );

  it("names an entry by everything that it is, headers and separators included", async () => {
    const id = async (spec: string, payload: unknown, options = {}) =>
      staticEntryId(spec, "UTC", await blueprintOf(task.with(payload, options), now));
    const ids = await Promise.all([
      id("@daily", "ab"),
      id("@daily", "a"),
      id("@hourly", "ab"),
      id("@daily", "ab", { headers: { b: "2" } }),
      id("@daily", "ab", { maxRetry: 1 }),
      id("@daily", "ab", { queue: "low" }),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await id("@daily", "ab")).toBe(ids[0]);
  });

  it("names the entries of today as the versions before did, so that no turn is enqueued twice during a deploy", async () => {
    const idOf = async (options = {}) =>
      staticEntryId("@daily", "UTC", await blueprintOf(task.with({ day: 1 }, options), now));
    expect(await idOf()).toBe("entry-5b3ca57f919f1a475f31276dd9fa3512");
    const full = {
      queue: "low",
      maxRetry: 5,
      taskId: "abc",
      timeout: "90m",
      deadline: new Date("2027-06-04T01:02:03Z"),
      uniqueFor: "1h",
      in: "36h5s",
      retention: "1500ms",
      group: "g",
      headers: { b: "2" },
    };
    expect(await idOf(full)).toBe("entry-dbad512324ccb7fabe3fbcb09d73b387");
  });
});

describe("the identity of a scheduler entry", () => {
  it("holds each thing that can be asked for", async () => {
    const blueprint = await blueprintOf(task.with({ day: 1 }), now);
    const idOf = (fields: object): string =>
      staticEntryId("@daily", "UTC", { ...blueprint, request: { ...blueprint.request, ...fields } });
    const ids = requestFieldNames.map((name) => idOf(sampleOf(name)));
    expect(new Set([idOf({}), ...ids]).size).toBe(requestFieldNames.length + 1);
  });
});

describe("Go's durations", () => {
  it("are written as Go writes them", () => {
    const texts = [0, 250, 1_500, 60_000, 90_000, 3_600_000, 129_605_000].map(goDuration);
    expect(texts).toEqual(["0s", "250ms", "1.5s", "1m0s", "1m30s", "1h0m0s", "36h0m5s"]);
  });

  it("are read as Go reads them", () => {
    expect(["1h30m", "1.5h", "90s", "100\u00b5s", "0", "+1s", "-1s", ".5s", "1.s"].map(parseGoDuration)).toEqual([
      5_400_000_000_000n,
      5_400_000_000_000n,
      90_000_000_000n,
      100_000n,
      0n,
      1_000_000_000n,
      -1_000_000_000n,
      500_000_000n,
      1_000_000_000n,
    ]);
    expect(["", "1", "s", ".s", "1h 30m", "1d", "3000000h"].map(parseGoDuration)).toEqual(Array(7).fill(undefined));
  });
});
