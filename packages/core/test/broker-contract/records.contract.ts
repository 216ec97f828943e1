import { describe, expect, it } from "vitest";
import type { RecordPut, RecordQuery } from "../../src/broker/record-facet.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const collection = "things";
const minuteMs = 60_000;

function aPut(given: Partial<RecordPut> = {}): RecordPut {
  return { id: "one", value: '{"name":"飛脚"}', expected: "any", ...given };
}

export function describeRecordContract(setup: ContractSetup): void {
  describe("a record", () => {
    const store = useStore(setup);

    async function put(given: Partial<RecordPut> = {}) {
      const [outcome] = await store.broker.putRecords(collection, [aPut(given)]);
      return outcome;
    }

    async function idsOf(query: Omit<RecordQuery, "collection">): Promise<string[]> {
      const { records } = await store.other.listRecords({ collection, ...query });
      return records.map(({ id }) => id);
    }

    it("is read as it was written, by its id, in its own collection alone", async () => {
      const id = 'ü "*{}:\\ 1';
      expect(await put({ id })).toEqual({ kind: "written", revision: expect.any(Number) });
      const [found, none] = await store.other.getRecords(collection, [id, "none"]);
      const writtenAt = store.clock.now();
      expect(found).toMatchObject({ id, value: aPut().value, writtenAt, endsAt: undefined });
      expect(none).toBeUndefined();
      expect(await store.other.getRecords("others", [id])).toEqual([undefined]);
      expect(await store.other.listRecords({ collection: "others", limit: 9, order: "ascending" })).toEqual({
        records: [],
        nextCursor: undefined,
      });
    });

    it("is written only where the expected one is stored, and says which one is", async () => {
      expect(await put({ expected: 7 })).toEqual({ kind: "conflict", revision: undefined });
      const first = await put({ expected: "absent" });
      if (first?.kind !== "written") throw new Error("expected it to be written");
      const stored = { kind: "conflict", revision: first.revision };
      expect(await put({ expected: "absent" })).toEqual(stored);
      expect(await put({ expected: first.revision + 1 })).toEqual(stored);
      const second = await put({ expected: first.revision, value: "2" });
      expect(second).toMatchObject({ kind: "written" });
      expect(await put({ expected: first.revision, value: "3" })).toMatchObject({ kind: "conflict" });
      const [found] = await store.other.getRecords(collection, ["one"]);
      expect(found?.value).toBe("2");
      expect(found?.revision).toBeGreaterThan(first.revision);
    });

    it("is written by one of many that expect the same", async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const broker = index % 2 === 0 ? store.broker : store.other;
          return broker.putRecords(collection, [aPut({ expected: "absent", value: String(index) })]);
        }),
      );
      expect(outcomes.flat().filter(({ kind }) => kind === "written")).toHaveLength(1);
    });

    it("has another revision after it was removed and written again", async () => {
      const first = await put();
      if (first?.kind !== "written") throw new Error("expected it to be written");
      await store.broker.removeRecords(collection, [{ id: "one", expected: first.revision }]);
      store.clock.advance(1);
      await put();
      expect(await put({ expected: first.revision })).toMatchObject({ kind: "conflict" });
    });

    it("is removed only as the expected one", async () => {
      const written = await put();
      if (written?.kind !== "written") throw new Error("expected it to be written");
      const remove = (id: string, expected: number | "any") =>
        store.other.removeRecords(collection, [{ id, expected }]).then(([outcome]) => outcome);
      expect(await remove("one", written.revision + 1)).toEqual({ kind: "conflict", revision: written.revision });
      expect(await remove("none", "any")).toEqual({ kind: "not_found" });
      expect(await remove("one", written.revision)).toEqual({ kind: "removed" });
      expect(await remove("one", "any")).toEqual({ kind: "not_found" });
      expect(await idsOf({ limit: 9, order: "ascending" })).toEqual([]);
    });

    it("is written among others, each with its own outcome", async () => {
      const outcomes = await store.broker.putRecords(collection, [
        aPut(),
        aPut({ id: "two", expected: 5 }),
        aPut({ expected: "absent" }),
        aPut({ id: "three" }),
      ]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(["written", "conflict", "conflict", "written"]);
      expect(await store.broker.putRecords(collection, [])).toEqual([]);
      expect(await store.broker.removeRecords(collection, [])).toEqual([]);
      expect(await store.broker.getRecords(collection, [])).toEqual([]);
    });

    it("is gone at its end, and not before, whoever asks", async () => {
      const endsAt = store.clock.now() + minuteMs;
      await put({ endsAt });
      await put({ id: "stays" });
      store.clock.advance(minuteMs - 1);
      expect(await store.other.getRecords(collection, ["one"])).toMatchObject([{ endsAt }]);
      store.clock.advance(1);
      expect(await store.other.getRecords(collection, ["one"])).toEqual([undefined]);
      expect(await idsOf({ limit: 9, order: "ascending" })).toEqual(["stays"]);
      expect(await store.other.removeRecords(collection, [{ id: "one", expected: "any" }])).toEqual([
        { kind: "not_found" },
      ]);
      expect(await put({ expected: "absent" })).toMatchObject({ kind: "written" });
    });

    it("that is written again ends when it says then", async () => {
      await put({ endsAt: store.clock.now() + minuteMs });
      await put();
      await put({ id: "two" });
      await put({ id: "two", endsAt: store.clock.now() + 2 * minuteMs });
      store.clock.advance(minuteMs);
      expect(await idsOf({ limit: 9, order: "ascending" })).toEqual(["one", "two"]);
      store.clock.advance(minuteMs);
      expect(await idsOf({ limit: 9, order: "ascending" })).toEqual(["one"]);
    });

    it("is listed by the bytes of its id, both ways, in pages that nothing written meanwhile disturbs", async () => {
      const ids = ["a", "b", "B", "ü", "z", "飛", "😀", "1", "10", "2"];
      const sorted = ids.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      await store.broker.putRecords(
        collection,
        ids.map((id) => aPut({ id })),
      );
      for (const order of ["ascending", "descending"] as const) {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const query = { collection, limit: 3, order, ...(cursor !== undefined && { cursor }) };
          const page = await store.other.listRecords(query);
          expect(page.records.length).toBeLessThanOrEqual(3);
          seen.push(...page.records.map(({ id }) => id));
          cursor = page.nextCursor;
          await store.broker.putRecords(collection, [aPut({ id: "a" })]);
          if (cursor !== undefined) {
            await store.broker.removeRecords(collection, [{ id: "passing", expected: "any" }]);
            await store.broker.putRecords(collection, [aPut({ id: "passing", endsAt: 1 })]);
          }
        } while (cursor !== undefined);
        expect(seen).toEqual(order === "ascending" ? sorted : sorted.toReversed());
      }
    });

    it("is one of at most 10,000 of its collection; those that ended make room", async () => {
      const many = (from: number, count: number, endsAt?: number) =>
        Array.from({ length: count }, (_, index) =>
          aPut({ id: `n${from + index}`, value: "{}", ...(endsAt !== undefined && { endsAt }) }),
        );
      const endsAt = store.clock.now() + minuteMs;
      for (let from = 0; from < 10_000; from += 1_000) {
        await store.broker.putRecords(collection, many(from, 1_000, from === 0 ? endsAt : undefined));
      }
      expect(await store.broker.putRecords(collection, many(10_000, 1))).toEqual([{ kind: "full" }]);
      expect(await store.broker.putRecords(collection, many(9_999, 1))).toMatchObject([{ kind: "written" }]);
      expect(await store.broker.putRecords("others", many(0, 1))).toMatchObject([{ kind: "written" }]);
      store.clock.advance(minuteMs);
      const outcomes = await store.broker.putRecords(collection, many(10_000, 1_000));
      expect(outcomes.every(({ kind }) => kind === "written")).toBe(true);
    });

    it("is refused where it could not be stored, and nothing of its call is written", async () => {
      const refused: [name: string, puts: RecordPut[]][] = [
        ["Not a name", [aPut()]],
        ["", [aPut()]],
        [collection, [aPut({ id: "" })]],
        [collection, [aPut({ id: "a\nb" })]],
        [collection, [aPut({ id: "x".repeat(257) })]],
        [collection, [aPut({ id: "\ud800" })]],
        [collection, [aPut(), aPut({ value: "ü".repeat(32_769) })]],
        [collection, [aPut({ endsAt: Number.NaN })]],
        [collection, [aPut({ expected: 1.5 })]],
        [collection, Array.from({ length: 1_001 }, () => aPut())],
      ];
      for (const [name, puts] of refused) {
        await expect(store.broker.putRecords(name, puts)).rejects.toMatchObject({ code: "invalid_option" });
      }
      for (const limit of [0, 1_001, 1.5]) {
        const listing = store.broker.listRecords({ collection, limit, order: "ascending" });
        await expect(listing).rejects.toMatchObject({ code: "invalid_option" });
      }
      expect(await store.other.getRecords(collection, ["one"])).toEqual([undefined]);
      expect(await put({ value: "ü".repeat(32_768) })).toMatchObject({ kind: "written" });
    });
  });
}
