import { existsSync } from "node:fs";
import { brokerFromConfig } from "@hikyaku/app-kit";
import { loadConfig } from "@hikyaku/config";
import type { Broker } from "hikyaku";

/** The embedded store's file does not exist. A command that only looks must not make it. */
export class StoreMissingError extends Error {
  override readonly name = "StoreMissingError";
}

const readyMs = 5_000;

/**
 * Opens the store that the settings name, hands it to `work`, and closes it.
 * @throws ConfigError; StoreMissingError; HikyakuError `broker_unavailable` or `deadline_exceeded` when the store is
 * not there.
 */
export async function withStore<Result>(work: (broker: Broker) => Promise<Result>): Promise<Result> {
  const config = loadConfig();
  const { store, embedded } = config.jobqueue;
  if (store === "embedded" && !existsSync(embedded.path)) {
    throw new StoreMissingError(
      `the embedded store ${embedded.path} does not exist yet; it is made when Hikyaku first starts`,
    );
  }
  const broker = brokerFromConfig(config);
  try {
    await broker.ready({ timeoutMs: readyMs });
    return await work(broker);
  } finally {
    await broker.close();
  }
}
