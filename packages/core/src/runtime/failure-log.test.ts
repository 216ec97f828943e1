import { describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { HikyakuError } from "../errors.ts";
import { FailureLog } from "./failure-log.ts";
import type { LogFields, Logger } from "./logger.ts";

const away = new HikyakuError("broker_unavailable", "can't be reached");
const silent = new HikyakuError("deadline_exceeded", "no answer");
const refused = new HikyakuError("store_rejected", "out of memory");

function setup() {
  const clock = new FakeClock();
  const store = { isReachable: true };
  const lines: { message: string; fields: LogFields | undefined }[] = [];
  const add = (message: string, fields?: LogFields): void => void lines.push({ message, fields });
  const logger: Logger = { debug: add, info: add, warn: add, error: add };
  const log = new FailureLog({ logger, clock, what: "sweeping", isReachable: () => store.isReachable });
  /** Fails every half second. */
  const fails = (error: unknown, forMs: number): void => {
    for (let ms = 0; ms < forMs; ms += 500) {
      log.failed(error);
      clock.advance(500);
    }
  };
  return { clock, store, lines, log, fails };
}

describe("the log of a series of failures", () => {
  it("is a line at its start, one every ten seconds, and one at its end", () => {
    const { lines, log, fails } = setup();
    fails(refused, 25_000);
    log.worked();
    expect(lines).toMatchObject([
      { message: "sweeping failed; trying again", fields: { error: "out of memory" } },
      { message: "sweeping failed; trying again", fields: { failures: 21 } },
      { message: "sweeping failed; trying again", fields: { failures: 41 } },
      { message: "sweeping works again", fields: { failures: 50, forMs: 25_000 } },
    ]);
  });

  it("says nothing while the store is away, which is told elsewhere, nor of its return", () => {
    const { store, lines, log, fails } = setup();
    fails(silent, 3_000);
    store.isReachable = false;
    fails(away, 39_000);
    store.isReachable = true;
    fails(silent, 2_000);
    log.worked();
    expect(lines).toEqual([]);
  });

  it("says so where calls get no answer for five seconds although the store answers others", () => {
    const { lines, log, fails } = setup();
    fails(silent, 5_000);
    expect(lines).toEqual([]);
    fails(silent, 500);
    expect(lines).toMatchObject([{ message: "sweeping failed; trying again", fields: { error: "no answer" } }]);
    log.worked();
    expect(lines).toMatchObject([{}, { message: "sweeping works again" }]);
  });

  it("does not hide what the store refuses behind its absence", () => {
    const { store, lines, fails } = setup();
    store.isReachable = false;
    fails(away, 2_000);
    fails(refused, 500);
    expect(lines).toMatchObject([{ fields: { error: "out of memory", failures: 5 } }]);
  });
});
