import type { taskLogEndpoints } from "@hikyaku/contract";
import { presentTaskLog } from "../presenters/task-log.ts";
import type { HandlersOf } from "../route.ts";

export const taskLogHandlers = {
  getTaskLog: async ({ inspector, mask, signal }, { params: { queue, id }, query: { limit, cursor } }) => ({
    status: 200,
    body: presentTaskLog(
      await inspector.taskLog(queue, id, { limit, signal, ...(cursor !== undefined && { cursor }) }),
      mask,
    ),
  }),
} satisfies HandlersOf<typeof taskLogEndpoints>;
