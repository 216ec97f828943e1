import { expect, it } from "vitest";
import { systemClock } from "../../runtime/clock.ts";
import { type LogFields, silentLogger } from "../../runtime/logger.ts";
import { Janitor } from "./janitor.ts";

it("says how many archived tasks it removed, once for each run, and nothing of completed ones", async () => {
  const lines: (LogFields | undefined)[] = [];
  const answers = [
    { completed: 60, archived: 40, more: true },
    { completed: 0, archived: 3, more: false },
    { completed: 5, archived: 0, more: false },
  ];
  const janitor = new Janitor({
    broker: { sweep: async () => answers.shift() ?? { completed: 0, archived: 0, more: false } },
    clock: systemClock,
    logger: { ...silentLogger, info: (_message, fields) => void lines.push(fields) },
    queue: "default",
    limits: { maxCount: 10, maxAgeMs: 1_000 },
  });
  await janitor.runOnce();
  await janitor.runOnce();
  expect(lines).toEqual([{ queue: "default", removed: 43 }]);
});
