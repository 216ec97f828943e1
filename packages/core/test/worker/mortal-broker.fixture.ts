// Opened by the lease thread of many-servers-child.ts in place of the real module.
import { existsSync, rmSync } from "node:fs";
import type { Broker } from "../../src/broker/broker.ts";
import type { BrokerRecipe } from "../../src/broker/broker-recipe.ts";
import { flakyBroker } from "./flaky-broker.ts";
import { openBroker } from "./open-broker.ts";

interface MortalOptions {
  readonly address: string;
  readonly dieAt: string;
}

export function mortalRecipe(address: string, dieAt: string): BrokerRecipe {
  const options: MortalOptions = { address, dieAt };
  return { kind: "module", module: import.meta.url, make: "mortalBroker", options: () => options };
}

/** A real broker, whose thread ends in the middle of an extension as soon as there is a file of that name. */
export function mortalBroker({ address, dieAt }: MortalOptions): Broker {
  const real = openBroker(address);
  const extend: Broker["extend"] = (...args) => {
    if (existsSync(dieAt)) {
      rmSync(dieAt);
      process.exit(1);
    }
    return real.extend(...args);
  };
  return flakyBroker(real, { extend });
}
