import { type enqueueEndpoints, enqueueInQueueRequest, enqueueOfTypeRequest } from "@hikyaku/contract";
import { insistOnQueue } from "../access/queue-limits.ts";
import { anyType, definedType } from "../enqueue/definitions.ts";
import { enqueueMany, type ManyTasks } from "../enqueue/enqueue-many.ts";
import { enqueueOne } from "../enqueue/enqueue-one.ts";
import { givenTask } from "../enqueue/given-task.ts";
import type { HandlersOf } from "../route.ts";

export const enqueueHandlers = {
  enqueueOfType: async (context, { params, headers, body }) => {
    const definition = definedType(context, params.type);
    const task = givenTask(definition, body, "body");
    insistOnQueue(context.identity, body.queue ?? definition.defaults.queue);
    return enqueueOne(context, task, headers, true);
  },
  enqueueManyOfType: async (context, { params, body }) => {
    const definition = definedType(context, params.type);
    const many: ManyTasks = {
      items: body.items,
      schema: enqueueOfTypeRequest,
      taskOf: (given, place) => {
        insistOnQueue(context.identity, given.queue ?? definition.defaults.queue);
        return { ...givenTask(definition, given, place), checked: true };
      },
    };
    return { status: 200, body: await enqueueMany(context, many) };
  },
  enqueueInQueue: async (context, { params, headers, body }) => {
    const { definition, checked } = anyType(context, body.type, "body");
    const given = { ...body, queue: params.queue };
    return enqueueOne(context, givenTask(definition, given, "body"), headers, checked);
  },
  enqueueManyInQueue: async (context, { params, body }) => {
    const { queue } = params;
    const many: ManyTasks = {
      items: body.items,
      schema: enqueueInQueueRequest,
      taskOf: ({ type = "", ...given }, place) => {
        const { definition, checked } = anyType(context, type, place);
        return { ...givenTask(definition, { ...given, queue }, place), checked };
      },
    };
    return { status: 200, body: await enqueueMany(context, many) };
  },
} satisfies HandlersOf<typeof enqueueEndpoints>;
