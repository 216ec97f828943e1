import { describe, expect, it } from "vitest";
import type { ServerRecord } from "../../src/broker/presence-facet.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Peers, peersMs } from "../../src/worker/roles/peers.ts";
import { stores } from "./stores.ts";

function aServer(number: number): ServerRecord {
  return {
    serverId: `0000000${number % 10}-server-${number}`,
    host: `host-${number}`,
    pid: 1,
    concurrency: 1,
    queues: { default: 1 },
    strictPriority: false,
    status: "active",
    startedAt: 0,
    activeWorkers: 0,
    details: undefined,
  };
}

describe.each(stores)("looking at other servers on $name", ({ open }) => {
  it("comes less often the more there are, so that reads do not grow with their square", async () => {
    const broker = (await open()).connect();
    const self = aServer(0);
    const peers = new Peers(
      broker,
      self.serverId,
      ["default"],
      silentLogger,
      () => undefined,
      () => self,
    );
    const announce = async (from: number, to: number): Promise<void> => {
      for (let number = from; number < to; number++) await broker.announce(aServer(number), [], 600_000);
    };
    await announce(0, 8);
    expect(await peers.runOnce()).toBeUndefined();
    await announce(8, 80);
    const pauseMs = (await peers.runOnce()) ?? 0;
    expect(pauseMs / peersMs).toBeGreaterThanOrEqual(9);
    expect(pauseMs / peersMs).toBeLessThanOrEqual(11);
    expect(peers.all).toHaveLength(79);
  });
});
