import { readFileSync } from "node:fs";
import { type DescMessage, fromBinary, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { queueKeys, uniqueLockKey } from "../src/broker/redis/keys.ts";
import {
  SchedulerEnqueueEventSchema,
  SchedulerEntrySchema,
  ServerInfoSchema,
  WorkerInfoSchema,
} from "../src/codec/generated/presence_pb.ts";
import { TaskMessageSchema } from "../src/codec/generated/task_pb.ts";
import { decodeTaskMessage, encodeTaskMessage } from "../src/codec/task-codec.ts";

interface Encoding {
  readonly name: string;
  readonly message: string;
  readonly fields: JsonValue;
  readonly hex: string;
}

interface UniqueKey {
  readonly queue: string;
  readonly type: string;
  readonly payload: string | null;
  readonly key: string;
}

function fixture<Data>(name: string): Data {
  return JSON.parse(readFileSync(new URL(`../fixtures/asynq/${name}`, import.meta.url), "utf8"));
}

const schemas: Readonly<Record<string, DescMessage>> = {
  TaskMessage: TaskMessageSchema,
  ServerInfo: ServerInfoSchema,
  WorkerInfo: WorkerInfoSchema,
  SchedulerEntry: SchedulerEntrySchema,
  SchedulerEnqueueEvent: SchedulerEnqueueEventSchema,
};

const encodings = fixture<Encoding[]>("encodings.json");

describe("what asynq encodes", () => {
  it.each(encodings)("is read and written byte for byte: $message, $name", ({ message, fields, hex }) => {
    const schema = schemas[message];
    if (schema === undefined) throw new Error(`no schema for ${message}`);
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    expect(fromBinary(schema, bytes)).toEqual(fromJson(schema, fields));
    expect(Buffer.from(toBinary(schema, fromBinary(schema, bytes))).toString("hex")).toBe(hex);
  });

  it.each(encodings.filter(({ message }) => message === "TaskMessage"))("passes our task codec: $name", ({ hex }) => {
    expect(encodeTaskMessage(decodeTaskMessage(Buffer.from(hex, "hex"))).toString("hex")).toBe(hex);
  });
});

it.each(fixture<UniqueKey[]>("unique-keys.json"))(
  "names locks as asynq does: $key",
  ({ queue, type, payload, key }) => {
    const bytes = payload === null ? undefined : Buffer.from(payload, "hex");
    expect(uniqueLockKey(queueKeys(queue), type, bytes)).toBe(key);
  },
);
