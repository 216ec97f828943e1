import { describe, expect, it } from "vitest";
import type { Reachability } from "../broker/broker.ts";
import type { Logger } from "./logger.ts";
import { tellOfStore } from "./store-news.ts";

const isThere: Reachability = { reachable: true, since: 0, reason: undefined };
const isAway: Reachability = { reachable: false, since: 0, reason: "cut off" };

function setup() {
  const listeners = new Set<(reachability: Reachability) => void>();
  const broker = {
    location: "a store",
    onReachability: (listener: (reachability: Reachability) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const becomes = (reachability: Reachability): void => {
    for (const listener of listeners) listener(reachability);
  };
  const lines: string[] = [];
  const logger = (name: string): Logger => {
    const add = (level: string) => (message: string) => void lines.push(`${name} ${level}: ${message}`);
    return { debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error") };
  };
  return { broker, becomes, lines, logger, listeners };
}

describe("the news of a store", () => {
  it("is told once when it is lost and once when it is back, however many of the process ask", () => {
    const { broker, becomes, lines, logger } = setup();
    const news = tellOfStore(broker, logger("first"));
    tellOfStore(broker, logger("second"));
    becomes(isAway);
    news.lost("no answer");
    becomes({ ...isAway, reason: "refused" });
    becomes(isThere);
    becomes(isThere);
    expect(lines).toEqual([
      "first warn: the job queue's store does not answer: trying again until it does",
      "first info: the job queue's store answers",
    ]);
  });

  it("is told by the next one when the first has ended, and by nobody once all have", () => {
    const { broker, becomes, lines, logger, listeners } = setup();
    const first = tellOfStore(broker, logger("first"));
    const second = tellOfStore(broker, logger("second"));
    becomes(isAway);
    first.end();
    becomes(isThere);
    second.end();
    second.end();
    expect(listeners.size).toBe(0);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["first", "second"]);
    tellOfStore(broker, logger("third"));
    becomes(isAway);
    expect(lines).toHaveLength(3);
  });
});
