import { momentText, type workerEndpoints } from "@hikyaku/contract";
import { mayUseQueue } from "../access/queue-limits.ts";
import { pageByName } from "../cursor.ts";
import type { HandlersOf } from "../route.ts";

export const workerHandlers = {
  listWorkers: async ({ inspector, identity, signal }, { query }) => {
    const { queue, server, type } = query;
    const running = (await inspector.servers({ signal })).flatMap(({ serverId, host, pid, details, workers }) =>
      workers.map((worker) => ({
        server_id: serverId,
        host,
        pid,
        build: details?.build ?? null,
        task_id: worker.taskId,
        type: worker.taskType,
        queue: worker.queue,
        started_at: momentText(worker.startedAt),
        deadline_at: momentText(worker.deadlineAt),
      })),
    );
    const wanted = running.filter(
      (worker) =>
        mayUseQueue(identity, worker.queue) &&
        (queue === undefined || worker.queue === queue) &&
        (server === undefined || worker.server_id === server) &&
        (type === undefined || worker.type === type),
    );
    // Moments of one form sort as texts do.
    const placeOf = (worker: (typeof running)[number]): string =>
      [worker.started_at, worker.server_id, worker.queue, worker.task_id].join(" ");
    const sorted = wanted.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
    const { items, next } = pageByName(sorted, placeOf, query);
    return { status: 200, body: { workers: [...items], next } };
  },
} satisfies HandlersOf<typeof workerEndpoints>;
