import type { Broker } from "../../src/broker/broker.ts";

/** A real broker, except for the methods that a test puts in their place; they exist in this thread only. */
export function flakyBroker(real: Broker, replaced: Partial<Broker>): Broker {
  return new Proxy(real, {
    get(target, name) {
      const own: unknown = Reflect.get(replaced, name);
      if (own !== undefined) return own;
      if (name === "recipe") return { kind: "none", why: "a test replaced parts of it" } satisfies Broker["recipe"];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
