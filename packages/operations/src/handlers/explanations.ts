import type { explanationEndpoints } from "@hikyaku/contract";
import { presentQueueReason, presentTaskReason } from "../presenters/explanation.ts";
import type { HandlersOf } from "../route.ts";

export const explanationHandlers = {
  explainTask: async ({ inspector, signal }, { params: { queue, id } }) => ({
    status: 200,
    body: presentTaskReason(await inspector.explain(queue, id, { signal })),
  }),
  explainQueue: async ({ inspector, signal }, { params: { queue } }) => ({
    status: 200,
    body: presentQueueReason(await inspector.explainQueue(queue, { signal })),
  }),
} satisfies HandlersOf<typeof explanationEndpoints>;
