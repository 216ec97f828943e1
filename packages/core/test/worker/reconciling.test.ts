import { DatabaseSync } from "node:sqlite";
import { createClient } from "redis";
import { describe, expect, it, vi } from "vitest";
import type { ReconcileFacet } from "../../src/broker/reconcile-facet.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import type { LogFields, Logger } from "../../src/runtime/logger.ts";
import { Reconciler } from "../../src/worker/roles/reconciler.ts";
import { placedNow } from "../support/builders.ts";
import { aServer, stores } from "./stores.ts";

const archive = { maxCount: 10_000, maxAgeMs: 90 * 86_400_000 };

interface Line {
  readonly message: string;
  readonly fields: LogFields | undefined;
}

function collecting(): { logger: Logger; warnings: Line[] } {
  const warnings: Line[] = [];
  const silent = (): void => undefined;
  return {
    warnings,
    logger: {
      debug: silent,
      info: silent,
      error: silent,
      warn: (message, fields) => void warnings.push({ message, fields }),
    },
  };
}

function aReconciler(broker: ReconcileFacet, logger: Logger, queues = ["default"]): Reconciler {
  return new Reconciler({
    broker,
    clock: systemClock,
    random: () => 0.5,
    logger,
    queues,
    archiveOf: () => archive,
    spreadMs: 60_000,
  });
}

/** Makes a waiting task disappear from its queue, by means that no promise of a store covers. */
async function loseFromQueue(address: string): Promise<void> {
  if (address.startsWith("redis:")) {
    const raw = createClient({ url: address });
    await raw.connect();
    await raw.del("asynq:{default}:pending");
    raw.destroy();
    return;
  }
  const raw = new DatabaseSync(address);
  raw.exec("UPDATE tasks SET position = NULL");
  raw.close();
}

describe.each(stores)("the reconciler on $name", ({ open }) => {
  it("brings a task back that got lost from its queue, says so, and a worker runs it", async () => {
    const { connect, address } = await open();
    const broker = connect();
    const ran: string[] = [];
    const server = aServer(broker).handleRaw("t", ({ taskId }) => void ran.push(taskId));
    await broker.enqueue([placedNow({ id: "lost", type: "t" })]);
    await loseFromQueue(address);
    server.start();
    const { logger, warnings } = collecting();
    const reconciler = aReconciler(broker, logger);
    await reconciler.runOnce();
    expect(ran).toEqual([]);
    await reconciler.runOnce();
    await vi.waitFor(() => expect(ran).toEqual(["lost"]), { timeout: 8_000, interval: 10 });
    expect(warnings.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ finding: "unlisted", queue: "default", taskId: "lost", repair: "repaired" }),
    );
  }, 20_000);

  it("does not look at once, so that servers that start together do not look together", async () => {
    const broker = (await open()).connect();
    const look = vi.spyOn(broker, "reconcile");
    expect(await aReconciler(broker, collecting().logger).runOnce()).toBe(30_000);
    expect(look).not.toHaveBeenCalled();
  });

  it("says nothing about a healthy store", async () => {
    const broker = (await open()).connect();
    await broker.enqueue([placedNow(), placedNow({ queue: "other" })]);
    const { logger, warnings } = collecting();
    const reconciler = aReconciler(broker, logger, ["default", "other"]);
    await reconciler.runOnce();
    await reconciler.runOnce();
    expect(warnings).toEqual([]);
  }, 20_000);

  it("ends soon after its signal fires", async () => {
    const broker = (await open()).connect();
    await broker.enqueue([placedNow()]);
    const stop = new AbortController();
    const reconciler = aReconciler(
      broker,
      collecting().logger,
      Array.from({ length: 100 }, (_, at) => `q${at}`),
    );
    await reconciler.runOnce(stop.signal);
    const look = vi.spyOn(broker, "reconcile");
    const pass = reconciler.runOnce(stop.signal);
    await vi.waitFor(() => expect(look).toHaveBeenCalled());
    stop.abort();
    await pass.catch(() => undefined);
    expect(look.mock.calls.length).toBeLessThan(10);
  });
});
