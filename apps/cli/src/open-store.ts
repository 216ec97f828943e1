import { existsSync } from "node:fs";
import { auditFromConfig, brokerFromConfig } from "@hikyaku/app-kit";
import { loadConfig } from "@hikyaku/config";
import { type AuditTrail, auditedInspector, type Broker, type Inspector, jsonLogger } from "hikyaku";
import { userName } from "./user-name.ts";

/** The embedded store's file does not exist. A command that only looks must not make it. */
export class StoreMissingError extends Error {
  override readonly name = "StoreMissingError";
}

const readyMs = 5_000;

/** What a command works with. */
export interface OpenStore {
  readonly broker: Broker;
  /** Its changes are written to the audit, as those of the user who runs the command. */
  readonly inspector: Inspector;
  readonly audit: AuditTrail;
}

/**
 * Opens the store that the settings name, hands it to `work`, and closes it.
 * @throws ConfigError; StoreMissingError; HikyakuError `broker_unavailable` or `deadline_exceeded` when the store is
 * not there.
 */
export async function withStore<Result>(work: (broker: Broker, store: OpenStore) => Promise<Result>): Promise<Result> {
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
    const audit = auditFromConfig(config, broker);
    const logger = jsonLogger("error");
    const inspector = auditedInspector({ broker, audit, who: userName(), way: "cli", logger });
    return await work(broker, { broker, inspector, audit });
  } finally {
    await broker.close();
  }
}
