import type { Broker } from "../broker/broker.ts";
import { guardedLogger } from "./guarded-call.ts";
import type { Logger } from "./logger.ts";

/** A request to log when the store is lost and when it is back. */
export interface StoreNews {
  /** A call found that the store is away before the broker said so. */
  lost(reason: string): void;
  /** Ends the request. Call it before the broker is closed on purpose. */
  end(): void;
}

interface Teller {
  readonly store: string;
  readonly loggers: Set<{ readonly logger: Logger }>;
  readonly unsubscribe: () => void;
  isThere: boolean;
}

const tellers = new WeakMap<object, Teller>();

/**
 * Logs one line when the store is lost and one when it is back. Each line is written once for a broker, however many
 * ask for it. The first one that has not ended its request gives the logger.
 */
export function tellOfStore(broker: Pick<Broker, "location" | "onReachability">, logger: Logger): StoreNews {
  const teller = tellers.get(broker) ?? newTeller(broker);
  const own = { logger: guardedLogger(logger) };
  teller.loggers.add(own);
  return {
    lost: (reason) => tell(teller, false, reason),
    end: () => {
      teller.loggers.delete(own);
      if (teller.loggers.size > 0) return;
      teller.unsubscribe();
      if (tellers.get(broker) === teller) tellers.delete(broker);
    },
  };
}

function newTeller(broker: Pick<Broker, "location" | "onReachability">): Teller {
  const unsubscribe = broker.onReachability(({ reachable, reason }) => tell(teller, reachable, reason));
  const teller: Teller = { store: broker.location, loggers: new Set(), unsubscribe, isThere: true };
  tellers.set(broker, teller);
  return teller;
}

function tell(teller: Teller, isThere: boolean, reason: string | undefined): void {
  const [first] = teller.loggers;
  if (first === undefined || isThere === teller.isThere) return;
  teller.isThere = isThere;
  const { store } = teller;
  if (isThere) first.logger.info("the job queue's store answers", { store });
  else first.logger.warn("the job queue's store does not answer: trying again until it does", { store, reason });
}
