import { describe, expect, it, vi } from "vitest";
import { isHikyakuError } from "../../src/errors.ts";
import { defineTask } from "../../src/task/task.ts";
import { stateOf, stored } from "../support/builders.ts";
import { aClient, aServer, stores } from "./stores.ts";

const patience = { timeout: 10_000, interval: 5 };

describe.each(stores)("what is kept with a task on $name", ({ open }) => {
  async function setup() {
    const broker = (await open()).connect();
    return { broker, client: aClient(broker) };
  }

  it("holds the beginnings of long errors, and says how long they were", async () => {
    const { broker, client } = await setup();
    const task = defineTask({ type: "wordy", maxRetry: 4 });
    const long = "é".repeat(200_000);
    const heard: unknown[] = [];
    aServer(broker, { retryDelay: ["0s"], onError: (error) => heard.push(error) })
      .handle(task, () => {
        throw new Error(long);
      })
      .start();
    const { id, queue } = await client.enqueue(task);
    await vi.waitFor(async () => expect(await stateOf(broker, { id, queue })).toBe("archived"), patience);
    const { message, attempts } = await stored(broker, { id, queue });
    expect(message.lastError).toBe(`${long.slice(0, 8_192)}… (the first 8192 of 200000 characters)`);
    expect(attempts).toHaveLength(5);
    for (const { error } of attempts) {
      expect(error).toBe(`${long.slice(0, 1_000)}… (the first 1000 of 200000 characters)`);
    }
    expect(heard[0]).toMatchObject({ message: long });
  });

  it("holds no result larger than the server allows: the task is archived and says why", async () => {
    const { broker, client } = await setup();
    const task = defineTask({ type: "large", retention: "1h" });
    const early: unknown[] = [];
    aServer(broker, { maxResultBytes: 100 })
      .handle(task, async ({ writeResult }) => {
        await writeResult("x".repeat(99)).catch((error: unknown) => early.push(error));
        return "x".repeat(99);
      })
      .start();
    const { id, queue } = await client.enqueue(task);
    await vi.waitFor(async () => expect(await stateOf(broker, { id, queue })).toBe("archived"), patience);
    const { message, result } = await stored(broker, { id, queue });
    expect(message.lastError).toMatch(/^result of "large": expected at most 100 bytes, got 101;.*maxResultBytes/);
    expect(result).toBeUndefined();
    expect(early).toHaveLength(1);
    expect(isHikyakuError(early[0], "invalid_payload")).toBe(true);
  });
});
