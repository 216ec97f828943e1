import { Server, silentLogger } from "hikyaku";
import { Peers, peersMs } from "../../packages/core/src/worker/roles/peers.ts";
import { CountingStore } from "./simulation-broker.ts";
import { VirtualClock } from "./simulation-clock.ts";
import { aServer, type Cost, type Costs, combined } from "./simulation-costs.ts";

export interface FleetOptions {
  readonly servers: number;
  readonly queues: number;
  readonly minutes: number;
  /** Running tasks of each server. */
  readonly activeTasks: number;
}

/** What a fleet asks of Redis, a second. */
export interface FleetLoad {
  readonly options: FleetOptions;
  readonly total: Cost;
  readonly byMethod: ReadonlyMap<string, Cost>;
}

/** Servers that were started over this time, at least, do not move in step. */
const startOverMs = 30_000;
/** Until each role has had its first run. */
const settleMs = 60_000;
/** Longer than a stop takes that has nothing to wait for. */
const stopMs = 30_000;
/** Runs the library's own servers on a virtual clock, over a store that only counts. */
export async function simulateFleet(options: FleetOptions, costs: Costs, seed = 1): Promise<FleetLoad> {
  const { servers: size, queues, minutes, activeTasks } = options;
  const clock = new VirtualClock();
  const { reconcileSlices } = costs;
  const store = new CountingStore({ clock, activeTasks, reconcileSlices });
  const random = seeded(seed);
  const priorities = Object.fromEntries(Array.from({ length: queues }, (_, queue) => [`queue-${queue}`, 1]));
  const fleet: Server[] = [];
  for (let number = 0; number < size; number++) {
    const server = new Server({
      broker: store.broker(),
      clock,
      random,
      logger: silentLogger,
      queues: priorities,
      shutdownTimeout: "0s",
      concurrency: Math.max(10, activeTasks),
      abortGrace: "0s",
    });
    server.handleRaw({ prefix: "" }, () => new Promise(() => undefined));
    server.start();
    fleet.push(server);
    await clock.pass(startOverMs / size);
  }
  await clock.pass(settleMs);
  store.startCounting();
  await clock.pass(minutes * 60_000);
  // Among many servers, a look at all of them comes less often than once in the time that is simulated.
  const looks = (minutes * 60_000 * size) / (await pauseBetweenLooks(size));
  store.asked.set("servers", { calls: looks, pieces: looks * size });
  const byMethod = new Map<string, Cost>();
  let total: Cost = { commands: 0, inner: 0, bytesIn: 0, bytesOut: 0, cpuMicros: 0 };
  for (const [method, { calls, pieces }] of store.asked) {
    const cost = costs.byMethod.get(method);
    if (cost === undefined) throw new Error(`nobody has measured what the broker method ${method} costs; measure it`);
    const none: Cost = { commands: 0, inner: 0, bytesIn: 0, bytesOut: 0, cpuMicros: 0 };
    const all = combined(combined(none, cost.call, calls), cost.piece, pieces);
    const perSecond = combined(none, all, 1 / (minutes * 60));
    byMethod.set(method, perSecond);
    total = combined(total, perSecond, 1);
  }
  const stopped = Promise.all(fleet.map((server) => server.stop()));
  await clock.pass(stopMs);
  await stopped;
  return { options, total, byMethod };
}

/** How long a server waits between its looks at all others, in milliseconds: asked of the role that does it. */
async function pauseBetweenLooks(servers: number): Promise<number> {
  const all = Array.from({ length: servers }, (_, number) => aServer(number));
  const [self = aServer(0)] = all;
  const broker = {
    servers: async () => ({ servers: all, workers: [], unreadable: [] }),
    silentServers: async () => [],
  };
  const peers = new Peers(
    broker,
    self.serverId,
    Object.keys(self.queues),
    silentLogger,
    () => undefined,
    () => self,
  );
  return (await peers.runOnce()) ?? peersMs;
}

/** Numbers from 0 up to 1, the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
