import "../support/expectations.ts";
import { redisServerPath } from "@hikyaku/test-support";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PairCounter } from "./feature-pairs.ts";
import { histories } from "./history-steps.ts";
import { type ModelStore, redisModelStore, sqliteModelStore } from "./model-stores.ts";
import { playHistory } from "./play-history.ts";

/*
 * HIKYAKU_HISTORIES says how many histories are played per store, HIKYAKU_SEED which. A failure prints its seed, its path
 * and the shortest history found that fails too.
 */
const runs = Number(process.env["HIKYAKU_HISTORIES"] ?? 100);
const seed = Number(process.env["HIKYAKU_SEED"] ?? 20_261_121);
/** So often at least every two features meet in a short run. */
const fewestMeetings = 3;

const stores = [
  { name: "Redis", open: redisModelStore, isThere: redisServerPath() !== undefined },
  { name: "SQLite", open: sqliteModelStore, isThere: true },
];

for (const { name, open, isThere } of stores) {
  describe.skipIf(!isThere)(`any history of a queue on ${name}`, () => {
    let store: ModelStore | undefined;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store?.close());

    it("goes as a simple model says, leaves nothing to find for the checker, and any two features meet on a task", {
      timeout: 60_000 + runs * 1_000,
    }, async () => {
      const pairs = new PairCounter();
      const property = fc.asyncProperty(histories, async (history) =>
        pairs.add(await playHistory(opened(store), history)),
      );
      await fc.assert(property, { seed, numRuns: runs, endOnFailure: false });
      const [pair, count] = pairs.rarest();
      expect(count, `${pair} met on ${count} tasks`).toBeGreaterThanOrEqual(fewestMeetings);
    });
  });
}

function opened(store: ModelStore | undefined): ModelStore {
  if (store === undefined) throw new Error("the store was not opened");
  return store;
}
