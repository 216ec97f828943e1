import type { StandardSchemaV1 } from "@standard-schema/spec";
import { errorText, HikyakuError } from "../errors.ts";
import { parseWith } from "./standard-schema.ts";

/** The part of a task's definition that this file needs. */
export interface PayloadSchemas<Payload extends StandardSchemaV1, Result extends StandardSchemaV1> {
  readonly type: string;
  readonly payload: Payload | undefined;
  readonly result: Result | undefined;
}

/**
 * The schema of a payload or result that is bytes, not JSON: `defineTask({ type, payload: rawBytes })`. The bytes stay
 * as they are. A missing payload becomes empty bytes.
 */
export const rawBytes: StandardSchemaV1<Uint8Array, Uint8Array> = {
  "~standard": {
    version: 1,
    vendor: "hikyaku",
    validate: (value) =>
      value instanceof Uint8Array ? { value } : { issues: [{ message: `expected a Uint8Array, got ${typeof value}` }] },
  },
};

const utf8 = new TextDecoder("utf-8", { fatal: true });
const noBytes = new Uint8Array();

/**
 * The bytes to store for a payload. Undefined for a payload of `undefined`. A schema tests the payload's JSON, read
 * back: exactly what the handler's side will parse. Without a schema, a `Uint8Array` counts as JSON that is encoded
 * already. Given bytes are copied, because their owner may change them later. A promise only when the schema answers
 * with one.
 * @throws HikyakuError `invalid_payload` when it is no JSON or does not fit its schema.
 */
export function encodePayload<Payload extends StandardSchemaV1>(
  definition: Pick<PayloadSchemas<Payload, StandardSchemaV1>, "type" | "payload">,
  payload: unknown,
): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  return encode(definition.payload, payload, `payload of "${definition.type}"`);
}

/**
 * The payload that a handler gets: the stored JSON, parsed by the schema. No stored payload is `undefined`.
 * @throws HikyakuError `invalid_payload`, with the places that do not fit.
 */
export function parsePayload<Payload extends StandardSchemaV1>(
  definition: Pick<PayloadSchemas<Payload, StandardSchemaV1>, "type" | "payload">,
  bytes: Uint8Array | undefined,
): StandardSchemaV1.InferOutput<Payload> | Promise<StandardSchemaV1.InferOutput<Payload>> {
  return parse(definition.payload, bytes, `payload of "${definition.type}"`);
}

/** A stored payload as it can be shown without its definition: its JSON, or its bytes when it is not JSON. */
export function readablePayload(bytes: Uint8Array | undefined): unknown {
  try {
    return parse(undefined, bytes, "payload");
  } catch {
    return bytes;
  }
}

/** The bytes to keep for what a handler returned, by the same rules as a payload. */
export function encodeResult<Result extends StandardSchemaV1>(
  definition: Pick<PayloadSchemas<StandardSchemaV1, Result>, "type" | "result">,
  result: unknown,
): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  return encode(definition.result, result, `result of "${definition.type}"`);
}

/** A kept result, parsed by the schema. No kept result is `undefined`. */
export function parseResult<Result extends StandardSchemaV1>(
  definition: Pick<PayloadSchemas<StandardSchemaV1, Result>, "type" | "result">,
  bytes: Uint8Array | undefined,
): StandardSchemaV1.InferOutput<Result> | Promise<StandardSchemaV1.InferOutput<Result>> {
  return parse(definition.result, bytes, `result of "${definition.type}"`);
}

function encode(
  schema: StandardSchemaV1 | undefined,
  value: unknown,
  what: string,
): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  if (isRawBytes(schema)) {
    if (value instanceof Uint8Array) return Buffer.from(value);
    throw new HikyakuError("invalid_payload", `${what}: expected a Uint8Array, got ${typeof value}`);
  }
  if (value instanceof Uint8Array) {
    if (schema === undefined) return Buffer.from(value);
    throw new HikyakuError(
      "invalid_payload",
      `${what}: expected a value to write as JSON, got a Uint8Array; to send bytes as they are, use the schema rawBytes`,
    );
  }
  if (value instanceof Promise) {
    value.catch(() => undefined);
    throw new HikyakuError(
      "invalid_payload",
      `${what}: expected a value, got a promise, which JSON writes as {}; await it`,
    );
  }
  const json = value === undefined ? undefined : toJson(value, what);
  const bytes = json === undefined ? undefined : Buffer.from(json, "utf8");
  if (schema === undefined) return bytes;
  const parsed = parseWith(schema, json === undefined ? undefined : JSON.parse(json), what);
  return parsed instanceof Promise ? parsed.then(() => bytes) : bytes;
}

function parse<Schema extends StandardSchemaV1>(
  schema: Schema | undefined,
  bytes: Uint8Array | undefined,
  what: string,
): StandardSchemaV1.InferOutput<Schema> | Promise<StandardSchemaV1.InferOutput<Schema>> {
  if (isRawBytes(schema)) return bytes ?? noBytes;
  const value = bytes === undefined || bytes.length === 0 ? undefined : fromJson(bytes, what);
  return schema === undefined ? value : parseWith(schema, value, what);
}

/** By vendor and not by identity: the definition may come from another copy of this package. */
function isRawBytes(schema: StandardSchemaV1 | undefined): boolean {
  return schema !== undefined && schema["~standard"].vendor === "hikyaku";
}

function toJson(value: unknown, what: string): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new HikyakuError("invalid_payload", `${what}: expected a value that JSON can hold: ${errorText(error)}`, {
      cause: error,
    });
  }
  if (json !== undefined) return json;
  throw new HikyakuError("invalid_payload", `${what}: expected a value that JSON can hold, got a ${typeof value}`);
}

function fromJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new HikyakuError(
      "invalid_payload",
      `${what}: expected JSON in UTF-8, got ${bytes.length} bytes that are not (${errorText(error)}); ` +
        "for payloads that are no JSON, use the schema rawBytes",
      { cause: error },
    );
  }
}
