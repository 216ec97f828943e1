import type { Broker, Reachability } from "../../src/broker/broker.ts";

export function untilReachable(broker: Broker, reachable: boolean): Promise<Reachability> {
  if (broker.reachability().reachable === reachable) return Promise.resolve(broker.reachability());
  return new Promise((resolve) => {
    const stop = broker.onReachability((reachability) => {
      if (reachability.reachable !== reachable) return;
      stop();
      resolve(reachability);
    });
  });
}
