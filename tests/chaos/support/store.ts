import type { Broker } from "hikyaku";
import type { StoreFault } from "../schedule.ts";

/** A real store of one schedule, with the road that workers and clients take to it. */
export interface ChaosStore {
  /** What workers and clients open; faults lie on this road. */
  readonly address: string;
  /** What the harness looks through when all is over; no fault touches it. Ask anew after each fault. */
  observe(): Broker;
  /** Does one thing and resolves when it is over and the store is back; comes back with that moment. */
  inflict(fault: StoreFault): Promise<number>;
  close(): Promise<void>;
}
