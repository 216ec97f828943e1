import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  SchedulerEnqueueEventSchema,
  SchedulerEntrySchema,
  ServerInfoSchema,
  WorkerInfoSchema,
} from "./generated/presence_pb.ts";

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

// Written by Asynq's own encoder (Go).
const golden = {
  server:
    "0a05686f737431 107b 1a03616263 200a 2a0b0a0764656661756c741001 3001 3a06616374697665 42080880e2cfaa061005 4802",
  worker:
    "0a05686f737431 107b 1a03616263 22057461736b31 2a0174 320170 3a0764656661756c74 42060880e2cfaa06 4a060888f0cfaa06",
  entry:
    "0a026531 1209 40657665727920316d 1a0174 220170 2a0c517565756528226c6f772229 2a0b4d617852657472792833 29 32060880e2cfaa06 3a0b088092b8c398feffffff01",
  event: "0a057461736b31 120b0880e2cfaa0610c0a9d33a",
};

describe("presence records", () => {
  it.each([
    ["server", ServerInfoSchema],
    ["worker", WorkerInfoSchema],
    ["entry", SchedulerEntrySchema],
    ["event", SchedulerEnqueueEventSchema],
  ] as const)("reads Go's bytes and writes the same ones: %s", (name, schema) => {
    const bytes = bytesOf(golden[name]);
    expect(toBinary(schema, fromBinary(schema, bytes))).toEqual(bytes);
  });

  it("gives a server's fields their meaning", () => {
    const server = fromBinary(ServerInfoSchema, bytesOf(golden.server));
    expect(server).toMatchObject({
      host: "host1",
      pid: 123,
      serverId: "abc",
      concurrency: 10,
      queues: { default: 1 },
      strictPriority: true,
      status: "active",
      activeWorkerCount: 2,
    });
    expect(server.startTime).toMatchObject({ seconds: 1_700_000_000n, nanos: 5 });
  });

  it("reads Go's zero time as a moment before our era's clocks, not as 1970", () => {
    const entry = fromBinary(SchedulerEntrySchema, bytesOf(golden.entry));
    expect(entry.enqueueOptions).toEqual(['Queue("low")', "MaxRetry(3)"]);
    expect(entry.prevEnqueueTime === undefined ? 0 : timestampMs(entry.prevEnqueueTime)).toBe(-62_135_596_800_000);
  });
});
