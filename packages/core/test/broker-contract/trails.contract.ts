import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { TrailAppend } from "../../src/broker/trail-facet.ts";
import { type ContractSetup, useStore } from "../support/contract-store.ts";

const trail = "audit";
const dayMs = 86_400_000;

function anAppend(values: readonly string[], given: Partial<TrailAppend> = {}): TrailAppend {
  return { trail, values, maxEntries: 10, maxAgeMs: dayMs, ...given };
}

export function describeTrailContract(setup: ContractSetup): void {
  describe("a trail", () => {
    const store = useStore(setup);

    async function valuesOf(limit = 100): Promise<string[]> {
      const { entries } = await store.other.readTrail({ trail, limit });
      return entries.map(({ value }) => value);
    }

    it("is read newest first, with the moment of each entry, equal ones too", async () => {
      await store.broker.appendToTrail(anAppend(["first", "同じ"]));
      const first = store.clock.now();
      store.clock.advance(5_000);
      await store.other.appendToTrail(anAppend(["同じ"]));
      const { entries, nextCursor } = await store.broker.readTrail({ trail, limit: 10 });
      expect(entries.map(({ value, at }) => [value, at])).toEqual([
        ["同じ", first + 5_000],
        ["同じ", first],
        ["first", first],
      ]);
      expect(nextCursor).toBeUndefined();
      expect(await store.broker.readTrail({ trail: "none", limit: 10 })).toEqual({
        entries: [],
        nextCursor: undefined,
      });
    });

    it("is read in pages that come once each, whatever is appended meanwhile", async () => {
      await store.broker.appendToTrail(anAppend(["1", "2", "3", "4", "5", "6"]));
      const seen: string[] = [];
      let cursor: number | undefined;
      do {
        const page = await store.other.readTrail({ trail, limit: 2, ...(cursor !== undefined && { cursor }) });
        seen.push(...page.entries.map(({ value }) => value));
        cursor = page.nextCursor;
        await store.broker.appendToTrail(anAppend(["new"]));
      } while (cursor !== undefined);
      expect(seen).toEqual(["6", "5", "4", "3", "2", "1"]);
    });

    it("keeps the newest, as many as were asked for", async () => {
      for (let round = 0; round < 5; round++) {
        await store.broker.appendToTrail(anAppend([`${round}a`, `${round}b`, `${round}c`], { maxEntries: 4 }));
      }
      expect(await valuesOf()).toEqual(["4c", "4b", "4a", "3c"]);
      await store.broker.appendToTrail(anAppend(["x", "y", "z"], { maxEntries: 2 }));
      expect(await valuesOf()).toEqual(["z", "y"]);
    });

    it("loses what is too old with the next entry, and itself after its last one", async () => {
      await store.broker.appendToTrail(anAppend(["old"]));
      store.clock.advance(dayMs - 1);
      await store.broker.appendToTrail(anAppend(["a day less a moment later"]));
      expect(await valuesOf()).toHaveLength(2);
      store.clock.advance(2_000);
      await store.broker.appendToTrail(anAppend(["new"]));
      expect(await valuesOf()).toEqual(["new", "a day less a moment later"]);
    });

    it("holds the entries of many that append at once, in an order that all of them see", async () => {
      await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? store.broker : store.other).appendToTrail(anAppend([String(index)], { maxEntries: 100 })),
        ),
      );
      expect((await valuesOf()).toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
      const positions = (await store.broker.readTrail({ trail, limit: 100 })).entries.map(({ position }) => position);
      expect(new Set(positions).size).toBe(10);
      expect(positions).toEqual(positions.toSorted((one, other) => other - one));
    });

    it("goes on forward after a clock was set back", async () => {
      await store.broker.appendToTrail(anAppend(["before"]));
      const setBack = vi.spyOn(store.clock, "now").mockReturnValue(store.clock.now() - 3_600_000);
      onTestFinished(() => setBack.mockRestore());
      await store.broker.appendToTrail(anAppend(["after"]));
      expect(await valuesOf()).toEqual(["after", "before"]);
    });

    it("is removed whole, and no other one", async () => {
      await store.broker.appendToTrail(anAppend(["x"]));
      await store.broker.appendToTrail(anAppend(["y"], { trail: "other" }));
      expect(await store.other.removeTrail(trail)).toBe("removed");
      expect(await store.other.removeTrail(trail)).toBe("not_found");
      expect(await valuesOf()).toEqual([]);
      expect((await store.broker.readTrail({ trail: "other", limit: 1 })).entries).toHaveLength(1);
    });

    it("refuses what it could not keep, and appends nothing of it", async () => {
      const refused: TrailAppend[] = [
        anAppend(["x"], { trail: "Not a name" }),
        anAppend(["x", "ü".repeat(32_769)]),
        anAppend(["x", "\ud800"]),
        anAppend(["x"], { maxEntries: 0 }),
        anAppend(["x"], { maxEntries: 100_001 }),
        anAppend(["x"], { maxAgeMs: 0 }),
        anAppend(Array.from({ length: 1_001 }, () => "x")),
      ];
      for (const append of refused) {
        await expect(store.broker.appendToTrail(append)).rejects.toMatchObject({ code: "invalid_option" });
      }
      for (const query of [
        { trail, limit: 0 },
        { trail, limit: 1, cursor: 1.5 },
      ]) {
        await expect(store.broker.readTrail(query)).rejects.toMatchObject({ code: "invalid_option" });
      }
      await store.broker.appendToTrail(anAppend([]));
      expect(await valuesOf()).toEqual([]);
    });
  });
}
