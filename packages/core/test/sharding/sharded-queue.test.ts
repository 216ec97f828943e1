import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isHikyakuError } from "../../src/errors.ts";
import { shardOf } from "../../src/sharding/shard-of.ts";
import { shardedQueue } from "../../src/sharding/sharded-queue.ts";
import { strayQueues } from "../../src/sharding/stray-queues.ts";

function keys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `key-${index}`);
}

/** What Go computes with the function in docs/scaling.md, for 1, 2, 8, 13 and 256 shards. */
const fromGo: readonly (readonly [text: string, shards: readonly number[]])[] = [
  ["", [0, 1, 3, 11, 11]],
  ["user-42", [0, 1, 7, 7, 45]],
  ["größe", [0, 0, 2, 2, 87]],
  ["名前 😀", [0, 0, 0, 0, 121]],
  ["019a5c2e-0000-7000-8000-000000000001", [0, 1, 5, 5, 189]],
  ["a longer key / with:signs", [0, 0, 5, 5, 133]],
];

describe("the shard of a key", () => {
  it.each(fromGo)("of %j is the one that Go computes", (text, expected) => {
    expect([1, 2, 8, 13, 256].map((shards) => shardOf(text, shards))).toEqual(expected);
  });

  it("is the one that Go computes for ten thousand keys", () => {
    const shards = keys(10_000).map((key, index) => `${shardOf(key, 1 + (index % 256))} `);
    expect(hash("md5", shards.join(""))).toBe("8d8f1f286083788ef0a53977f5355060");
  });

  it.each([2, 8, 64])("is spread evenly over %i shards", (shards) => {
    const counts = new Array<number>(shards).fill(0);
    for (const key of keys(shards * 1_000)) counts[shardOf(key, shards)] = (counts[shardOf(key, shards)] ?? 0) + 1;
    expect(Math.min(...counts)).toBeGreaterThan(880);
    expect(Math.max(...counts)).toBeLessThan(1_120);
  });

  it("stays, or moves to a new shard, when there are more: a share of 1/n for the nth", () => {
    let moved = 0;
    for (const key of keys(10_000)) {
      const [before, after] = [shardOf(key, 8), shardOf(key, 9)];
      if (before === after) continue;
      expect(after).toBe(8);
      moved++;
    }
    expect(moved / 10_000).toBeCloseTo(1 / 9, 1);
  });
});

describe("a sharded queue", () => {
  it("names its queues so that every Redis and Go program takes them, each with a slot of its own", () => {
    const emails = shardedQueue("emails", { shards: 3 });
    expect(emails.queues).toEqual(["emails:0", "emails:1", "emails:2"]);
    expect(emails.queues).toContain(emails.queueOf("user-42"));
    // What Asynq refuses is a blank name; what would break its keys is a brace.
    for (const queue of emails.queues) expect(queue).toMatch(/^[^{}\s]+$/);
  });

  it("can't be changed", () => {
    const emails = shardedQueue("emails", { shards: 3 });
    expect(Object.isFrozen(emails) && Object.isFrozen(emails.queues)).toBe(true);
  });

  it.each([
    ["no shards", "emails", { shards: 0 }, '"shards"'],
    ["half a shard", "emails", { shards: 1.5 }, '"shards"'],
    ["too many shards", "emails", { shards: 257 }, "256"],
    ["an order that is none", "emails", { shards: 2, ordered: true }, '"strict" or "loose"'],
    ["an unknown option", "emails", { shards: 2, order: "strict" }, "ordered"],
    ["a blank name", " ", { shards: 2 }, "blank"],
    ["a brace", "a{b", { shards: 2 }, "{"],
    ["a name that is too long with its shard", "x".repeat(1_023), { shards: 2 }, "1024"],
  ])("is refused with %s", (_, name, options, words) => {
    let error: unknown;
    try {
      shardedQueue(name, options as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(isHikyakuError(error, "invalid_option") && error.message).toContain(words);
  });

  it("knows which queues of a store only look like its shards", () => {
    const emails = shardedQueue("emails", { shards: 2 });
    const stored = ["emails", "emails:0", "emails:1", "emails:2", "emails:17", "emails:01", "emails:vip", "mails:3"];
    expect(strayQueues(emails, stored)).toEqual(["emails", "emails:2", "emails:17"]);
  });
});
