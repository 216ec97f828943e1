import { expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { HikyakuError } from "../errors.ts";
import { WriteTally } from "./write-tally.ts";

it("says of failures from when to when they go on, and begins anew after a while without one", async () => {
  const clock = new FakeClock();
  const tally = new WriteTally(clock);
  const startedAt = clock.now();
  const fail = async (): Promise<void> => {
    await tally.extend(Promise.reject(new HikyakuError("answer_lost", "gone"))).catch(() => undefined);
  };
  await fail();
  clock.advance(10_000);
  await fail();
  expect(tally.health.failing).toMatchObject([{ since: startedAt, latest: startedAt + 10_000, calls: 2 }]);
  clock.advance(60_000);
  await fail();
  expect(tally.health.failing).toMatchObject([{ since: startedAt + 70_000, latest: startedAt + 70_000, calls: 1 }]);
});
