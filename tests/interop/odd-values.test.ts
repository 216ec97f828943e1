import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bytes, directions, Interop, needsGo } from "./support/interop.ts";

needsGo();

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("base64");
const large = randomBytes(1_000_000).toString("base64");

describe.each(directions)("what %s sends and %s runs", (one, other) => {
  it.each([
    ["every byte value", everyByte],
    ["no bytes", ""],
    ["a megabyte", large],
    ["bytes that look like protobuf", Buffer.from("0a0174120170", "hex").toString("base64")],
  ])("arrives unchanged, be it %s, and comes back as a result unchanged", async (_, payload) => {
    const [producer, worker] = await (await Interop.open()).pair(one, other);
    const { id } = await producer.enqueue({ type: "result", payload, options: { retentionMs: 3_600_000 } });
    await worker.startServer();
    const started = await worker.first({ event: "started", taskId: id });
    await worker.first({ event: "returned", taskId: id });
    await worker.shutDownServer();
    expect(started.payload ?? "").toBe(payload);
    expect((await producer.task(id)).result ?? "").toBe(payload);
  });

  it.each([
    ["queue", "critical:high"],
    ["queue", "with space"],
    ["queue", "速達 é 🏃"],
    ["queue", "UPPER and lower"],
    ["taskId", "a:b c:d"],
    ["taskId", "飛脚-1\n2"],
    ["taskId", "*[?]^$(%s)"],
    ["group", "letters:to 京都"],
    ["type", "mail:送る é"],
    ["type", " padded "],
  ])("keeps an odd %s as it is: %j", async (what, name) => {
    const [producer, worker] = await (await Interop.open()).pair(one, other);
    const queue = what === "queue" ? name : "default";
    const { id } = await producer.enqueue({
      type: what === "type" ? name : "ok",
      payload: bytes(name),
      headers: { [name]: name },
      options: { queue, uniqueForMs: 60_000, ...(what === "taskId" || what === "group" ? { [what]: name } : {}) },
    });
    expect(await worker.task(id, queue)).toMatchObject(
      what === "queue" ? { queue } : what === "taskId" ? { id: name } : { [what]: name },
    );
    const [go] = [producer, worker].filter((peer) => peer.name === "Go");
    if (what === "group") await go?.inspect("run", { queue, taskId: id });
    await worker.startServer({ queues: { [queue]: 1 } });
    const started = await worker.first({ event: "started", taskId: id });
    expect(started).toMatchObject({ queue, payload: bytes(name), headers: { [name]: name } });
    await worker.shutDownServer();
    await expect(producer.task(id, queue)).rejects.toMatchObject({ kind: "task_not_found" });
  });
});

describe("locks of unique tasks", () => {
  it("have the same names on both sides, whatever the payload", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    const payloads = [null, "", everyByte, bytes('{"user_id":42}')];
    const names = payloads.map((payload) =>
      payload === null ? "" : createHash("md5").update(Buffer.from(payload, "base64")).digest("hex"),
    );
    for (const [peer, queue] of [
      [go, "go"],
      [ours, "ours"],
    ] as const) {
      for (const payload of payloads) {
        await peer.enqueue({ type: "email:send", payload, options: { queue, uniqueForMs: 60_000 } });
      }
      expect(await store.redisKeys(`asynq:{${queue}}:unique:*`)).toEqual(
        names.map((name) => `asynq:{${queue}}:unique:email:send:${name}`).sort(),
      );
    }
  });

  it("live as long: to the end of the schedule and the time of uniqueness after it", async () => {
    const store = await Interop.open();
    const [go, ours] = await store.pair("Go", "Hikyaku");
    for (const [peer, queue] of [
      [go, "go"],
      [ours, "ours"],
    ] as const) {
      await peer.enqueue({ type: "t", payload: null, options: { queue, uniqueForMs: 60_000, inMs: 600_000 } });
      const left = Number(await store.command("TTL", `asynq:{${queue}}:unique:t:`));
      expect(Math.abs(left - 660)).toBeLessThanOrEqual(2);
    }
  });
});
