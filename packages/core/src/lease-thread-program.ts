// What runs in the lease thread. `npm run build` puts it, with all that it imports, as one text into the library.
import { parentPort, workerData } from "node:worker_threads";
import { LeaseThread, type LeaseThreadData } from "./worker/leases/lease-thread.ts";

/** Loaded when the first lease is due. The module that this program does not use is never loaded. */
const ownModules = {
  "hikyaku/redis": () => import("./broker/redis/redis-broker.ts"),
  "hikyaku/sqlite": () => import("./broker/sqlite/sqlite-broker.ts"),
};

if (parentPort !== null) new LeaseThread(parentPort, workerData as LeaseThreadData, ownModules).start();
