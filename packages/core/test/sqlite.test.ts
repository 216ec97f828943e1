import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { sqliteBroker } from "../src/broker/sqlite/index.ts";
import { describeBrokerContract } from "./broker-contract/broker-contract.ts";
import type { ContractStore } from "./support/contract-store.ts";
import { FakeClock } from "./support/fake-clock.ts";

async function setup(): Promise<ContractStore> {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-sqlite-"));
  const path = join(folder, "tasks.db");
  const clock = new FakeClock();
  const broker = sqliteBroker({ path, clock });
  const other = sqliteBroker({ path, clock });
  return {
    broker,
    other,
    clock,
    async cleanup() {
      await broker.close();
      await other.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describe("the SQLite adapter", () => describeBrokerContract(setup));
