// Opened by the lease thread of many-servers-child.ts in place of the real module.
import { existsSync, readFileSync, rmSync } from "node:fs";
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

/** A real broker, whose thread ends in the middle of an extension when a file of that name says "die", and hangs for "hang". */
export function mortalBroker({ address, dieAt }: MortalOptions): Broker {
  const real = openBroker(address);
  const extend: Broker["extend"] = (...args) => {
    if (existsSync(dieAt)) {
      const isToHang = readFileSync(dieAt, "utf8") === "hang";
      rmSync(dieAt);
      if (isToHang) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      process.exit(1);
    }
    return real.extend(...args);
  };
  return flakyBroker(real, { extend });
}
