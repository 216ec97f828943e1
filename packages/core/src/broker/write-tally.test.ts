import { expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { HikyakuError } from "../errors.ts";
import { WriteTally } from "./write-tally.ts";

it("says of failures from when to when they go on, and begins anew after a while without one", async () => {
  const clock = new FakeClock();
  const refused = (): Promise<never> => Promise.reject(new HikyakuError("answer_lost", "gone"));
  const calls = { enqueue: refused, claim: refused, settle: refused, extend: refused, announce: refused };
  const tally = new WriteTally(clock, calls);
  const startedAt = clock.now();
  const fail = async (): Promise<void> => {
    await tally.extend([], 0).catch(() => undefined);
  };
  await fail();
  clock.advance(10_000);
  await fail();
  expect(tally.writeHealth().failing).toMatchObject([{ since: startedAt, latest: startedAt + 10_000, calls: 2 }]);
  clock.advance(60_000);
  await fail();
  expect(tally.writeHealth().failing).toMatchObject([
    { since: startedAt + 70_000, latest: startedAt + 70_000, calls: 1 },
  ]);
});
