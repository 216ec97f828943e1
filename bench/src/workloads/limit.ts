import { startRecordingProxy } from "../recording-proxy.ts";
import { redisCounts } from "../redis-info.ts";
import { type Replay, replayFill, replayOf, replayWork } from "../script-replay.ts";
import type { Sizes } from "../sizes.ts";
import type { Store } from "../system.ts";
import { hikyakuOnRedis } from "../systems/hikyaku.ts";
import { timedProcessing, type Workload } from "../workload.ts";

const concurrency = 100;

/**
 * How near processing comes to what Redis allows: its rate, divided by the rate of the same calls when nobody makes or
 * reads them. Those calls are recorded byte for byte in a run of their own.
 */
export const limit: Workload = async (system, store, sizes) => {
  const { warmUp, process: count } = sizes;
  await system.enqueueMany(0, warmUp + count, "plain");
  const before = await redisCounts(store.redisPort);
  const run = await timedProcessing(system, store, { concurrency, warmUp, count });
  const calls = (await redisCounts(store.redisPort)).scripts - before.scripts;

  const recorded = await record(store, sizes);
  await replayFill(store.redisPort, recorded.replay);
  const filled = await system.left();
  if (filled !== warmUp + count) throw new Error(`expected ${warmUp + count} tasks after the fill, got ${filled}`);
  const { work } = recorded.replay;
  const warmUpCalls = Math.floor((work.length * warmUp) / (warmUp + count));
  const seconds = await replayWork(store.redisPort, recorded.replay, warmUpCalls);
  const most = ((warmUp + count) * (work.length - warmUpCalls)) / work.length / seconds;
  return [
    { name: "process, beside its limit", value: count / run.seconds, unit: "per second" },
    { name: "the same calls with no work in JavaScript", value: most, unit: "per second" },
    { name: "share of the limit", value: count / run.seconds / most, unit: "of the limit" },
    { name: "tasks per call", value: (warmUp + count) / calls, unit: "tasks per call" },
    { name: "tasks per call, in the recorded run", value: (warmUp + count) / work.length, unit: "tasks per call" },
    ...run.faults,
    ...recorded.faults,
    { name: "left behind", value: await system.left(), unit: "tasks" },
  ];
};

async function record(store: Store, { warmUp, process: count }: Sizes) {
  const proxy = await startRecordingProxy(store.redisPort);
  const system = hikyakuOnRedis({ ...store, redisPort: proxy.port });
  await system.enqueueMany(0, warmUp + count, "plain");
  proxy.mark();
  const { faults } = await timedProcessing(system, store, { concurrency, warmUp, count });
  await system.close();
  const replay: Replay = replayOf(proxy.recordings());
  await proxy.close();
  return { replay, faults };
}
