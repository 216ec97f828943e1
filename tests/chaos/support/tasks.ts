import { defineTask } from "hikyaku";
import { z } from "zod";

/** The queues of the load; probes have their own, so that they wait behind nothing but a full worker. */
export const queues = { load: 3, other: 1, probe: 6 } as const;
export type QueueName = keyof typeof queues;

const workPayload = z.object({
  /** Names this request, whether or not an id came back for it. */
  key: z.string(),
  /** How long it takes. */
  ms: z.number(),
  /** How many attempts fail before one works. */
  failures: z.number(),
  /** Whether it stops the event loop instead of waiting. */
  blocks: z.boolean(),
});

export const work = defineTask({ type: "work", payload: workPayload, retryDelay: ["200ms"] });
/** Ends the process that runs it. */
export const killer = defineTask({ type: "killer", payload: z.object({ key: z.string() }), queue: "load" });
/** With which exit code it does so. */
export const killedByTask = 99;
export const probe = defineTask({ type: "probe", payload: z.object({ key: z.string() }), queue: "probe" });
export const tick = defineTask({ type: "tick", payload: z.object({ key: z.string() }), queue: "other" });
/** Tasks of a group, and the one that they become. */
export const member = defineTask({ type: "member", payload: z.object({ key: z.string() }), queue: "other" });
export const digest = defineTask({
  type: "digest",
  payload: z.object({ key: z.string(), members: z.array(z.string()) }),
  queue: "other",
});
