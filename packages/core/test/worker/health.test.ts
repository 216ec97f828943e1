import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { HikyakuError } from "../../src/errors.ts";
import type { Logger } from "../../src/runtime/logger.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { aServer, Happenings, stores } from "./stores.ts";

describe.each(stores)("the health callback on $name", ({ open }) => {
  it("hears at once and at every interval how the store is, as long as it runs", async () => {
    const real = (await open()).connect();
    const down = new HikyakuError("broker_unavailable", "no store");
    let isDown = false;
    const broker = flakyBroker(real, {
      ready: (call) => (isDown ? Promise.reject(down) : real.ready(call)),
    });
    const heard = new Happenings<Error | undefined>();
    const lines: string[] = [];
    const ignore = (): void => undefined;
    const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: (message) => void lines.push(message) };
    const server = aServer(broker, {
      healthCheckInterval: "100ms",
      logger,
      onHealth: (error) => {
        heard.add(error);
        throw new Error("a broken callback harms nobody");
      },
    });
    server.handleRaw("t", () => undefined).start();
    expect((await heard.reach(2)).slice(0, 2)).toEqual([undefined, undefined]);
    isDown = true;
    const before = heard.all.length;
    expect((await heard.reach(before + 2)).at(-1)).toBe(down);
    isDown = false;
    const until = heard.all.length;
    expect((await heard.reach(until + 2)).at(-1)).toBe(undefined);
    expect(lines).toContain("onHealth threw");
  });

  it("hears of a store that answers and takes no writes", async () => {
    const real = (await open()).connect();
    const full = new HikyakuError("store_rejected", "the disk is full");
    let isFull = true;
    const asked: (readonly string[])[] = [];
    const broker = flakyBroker(real, {
      probeWrites: (queues, call) => {
        asked.push(queues);
        return isFull ? Promise.reject(full) : real.probeWrites(queues, call);
      },
    });
    const heard = new Happenings<Error | undefined>();
    const server = aServer(broker, {
      healthCheckInterval: "100ms",
      queues: { default: 1, low: 1 },
      onHealth: (error) => heard.add(error),
    });
    server.handleRaw("t", () => undefined).start();
    expect(await heard.reach(1)).toEqual([full]);
    expect(asked[0]).toEqual(["default", "low"]);
    isFull = false;
    const until = heard.all.length;
    expect((await heard.reach(until + 2)).at(-1)).toBe(undefined);
  });

  it("hears nothing more once the server has stopped", async () => {
    const clock = new FakeClock();
    const broker = (await open()).connect({ clock });
    const heard = new Happenings<Error | undefined>();
    const server = aServer(broker, { clock, healthCheckInterval: "100ms", onHealth: (error) => heard.add(error) });
    server.handleRaw("t", () => undefined).start();
    while (heard.all.length < 2) {
      clock.advance(50);
      await turn();
    }
    await server.stop();
    const stopped = heard.all.length;
    for (let step = 0; step < 20; step++) {
      clock.advance(100);
      await turn();
    }
    expect(heard.all).toHaveLength(stopped);
  });
});
