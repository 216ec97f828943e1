import { expect, it } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { type LogFields, silentLogger } from "../../runtime/logger.ts";
import { Forwarder } from "./forwarder.ts";

it("says of each due task that can't be put in line what was done about it", async () => {
  const lines: { message: string; fields: LogFields | undefined }[] = [];
  const found = {
    queue: "default",
    taskId: "t1",
    reason: "unreadable",
    detail: "its group is none; it was archived",
  } as const;
  const forwarder = new Forwarder({
    broker: {
      forwardDue: async () => ({ moved: 1, nextDueAt: undefined, isLeaseOver: false, setAside: [found] }),
    },
    clock: new FakeClock(),
    taskLog: { ...silentLogger, error: (message, fields) => void lines.push({ message, fields }) },
    queue: "default",
    mayForward: () => true,
    onMoved: () => undefined,
    onLeaseOver: () => undefined,
  });
  await forwarder.runOnce();
  expect(lines).toEqual([{ message: "a due task can't be put in line", fields: found }]);
});
