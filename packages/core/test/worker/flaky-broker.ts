import type { Broker } from "../../src/broker/broker.ts";

/** A real broker, except for the methods that a test puts in their place. */
export function flakyBroker(real: Broker, replaced: Partial<Broker>): Broker {
  return new Proxy(real, {
    get(target, name) {
      const own: unknown = Reflect.get(replaced, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
