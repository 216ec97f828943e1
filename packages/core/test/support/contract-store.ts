import "./expectations.ts";
import { afterEach, beforeEach } from "vitest";
import type { Broker } from "../../src/broker/broker.ts";
import type { FakeClock } from "./fake-clock.ts";

/** A store that nobody else uses, with two brokers on it, as two processes would have. */
export interface ContractStore {
  readonly broker: Broker;
  readonly other: Broker;
  /** The clock of both. */
  readonly clock: FakeClock;
  /** Closes both brokers and lets go of the store. */
  cleanup(): Promise<void>;
}

export type ContractSetup = () => Promise<ContractStore>;

/** Gives each test of the surrounding `describe` a store of its own. */
export function useStore(setup: ContractSetup): Omit<ContractStore, "cleanup"> {
  let current: ContractStore | undefined;
  const store = (): ContractStore => {
    if (current === undefined) throw new Error("the store exists only inside a test");
    return current;
  };
  beforeEach(async () => {
    current = await setup();
  });
  afterEach(async () => {
    await current?.cleanup();
    current = undefined;
  });
  return {
    get broker() {
      return store().broker;
    },
    get other() {
      return store().other;
    },
    get clock() {
      return store().clock;
    },
  };
}
