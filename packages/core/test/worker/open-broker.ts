import type { Broker } from "../../src/broker/broker.ts";
import { redisBroker } from "../../src/broker/redis/index.ts";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";

/** The broker of a test store's address, in whatever process. */
export function openBroker(address: string): Broker {
  return address.startsWith("redis:") ? redisBroker({ url: address }) : sqliteBroker({ path: address });
}
