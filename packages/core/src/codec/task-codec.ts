import type { TaskMessage, UnknownField } from "../broker/task-message.ts";
import { HikyakuError } from "../errors.ts";
import { type EachField, isTrueOfEach, type WireField } from "../task/task-fields.ts";
import { ByteWriter } from "./byte-writer.ts";

/*
 * Written by hand because every task passes here twice: the reflective encoder took 7 to 9 µs a message, this one less
 * than one. proto/task.proto stays the truth; tests hold both against each other. See docs/decisions/.
 */

const varintWire = 0;
const fixed64Wire = 1;
const bytesWire = 2;
const fixed32Wire = 5;

const scratch = new ByteWriter(1_024);

/**
 * The wire bytes of a message (proto/task.proto). Fields come in ascending order; defaults are left out, as in proto3.
 */
export function encodeTaskMessage(message: TaskMessage): Buffer {
  scratch.reuse();
  writeTaskMessage(scratch, message);
  return Buffer.from(scratch.finish());
}

/** Appends the wire bytes of a message. Durations are rounded up to whole seconds, points in time down. */
export function writeTaskMessage(writer: ByteWriter, message: TaskMessage): void {
  if (lastType?.type !== message.type) lastType = keptType(message.type);
  writer.bytes(lastType.bytes);
  if (message.payload !== undefined && message.payload.length > 0) {
    writer.byte(0x12);
    writer.varint(message.payload.length);
    writer.bytes(message.payload);
  }
  writeText(writer, 0x1a, message.id);
  if (message.unknownFields !== undefined || hasHeaders(message)) writeRest(writer, message);
  else if (last !== undefined && isLike(message, last)) writer.bytes(last.bytes);
  else writer.bytes(keptRest(message).bytes);
}

/** The first field of the last message. */
let lastType: { readonly type: string; readonly bytes: Uint8Array } | undefined;

function keptType(type: string): NonNullable<typeof lastType> {
  const writer = new ByteWriter(32);
  writeText(writer, 0x0a, type);
  return { type, bytes: writer.finish() };
}

type RestField = Exclude<WireField, "id" | "type" | "payload" | "headers">;

/** The fields behind the id, with their bytes, of the last message that had no headers: the next one mostly has the same. */
interface Rest extends Pick<TaskMessage, RestField> {
  readonly bytes: Uint8Array;
}

let last: Rest | undefined;

function hasHeaders({ headers }: TaskMessage): boolean {
  for (const _ in headers) return true;
  return false;
}

function isLike(message: TaskMessage, rest: Rest): boolean {
  const same: EachField<boolean, Exclude<keyof TaskMessage, RestField>> = {
    queue: message.queue === rest.queue,
    maxRetry: message.maxRetry === rest.maxRetry,
    retried: message.retried === rest.retried,
    lastError: message.lastError === rest.lastError,
    timeoutMs: message.timeoutMs === rest.timeoutMs,
    deadlineAt: message.deadlineAt === rest.deadlineAt,
    uniqueKey: message.uniqueKey === rest.uniqueKey,
    lastFailedAt: message.lastFailedAt === rest.lastFailedAt,
    retentionMs: message.retentionMs === rest.retentionMs,
    completedAt: message.completedAt === rest.completedAt,
    group: message.group === rest.group,
  };
  return isTrueOfEach(same);
}

function keptRest(message: TaskMessage): Rest {
  const writer = new ByteWriter(128);
  writeRest(writer, message);
  const { id: _id, type: _type, payload: _payload, headers: _headers, ...fields } = message;
  last = { ...fields, bytes: writer.finish() };
  return last;
}

function writeRest(writer: ByteWriter, message: TaskMessage): void {
  writeText(writer, 0x22, message.queue);
  writeNumber(writer, 0x28, message.maxRetry);
  writeNumber(writer, 0x30, message.retried);
  writeText(writer, 0x3a, message.lastError);
  writeNumber(writer, 0x40, secondsUp(message.timeoutMs));
  writeNumber(writer, 0x48, secondsDown(message.deadlineAt));
  writeText(writer, 0x52, message.uniqueKey);
  writeNumber(writer, 0x58, secondsDown(message.lastFailedAt));
  writeNumber(writer, 0x60, secondsUp(message.retentionMs));
  writeNumber(writer, 0x68, secondsDown(message.completedAt));
  writeText(writer, 0x72, message.group);
  for (const name in message.headers) writeHeader(writer, name, message.headers[name] ?? "");
  if (message.unknownFields === undefined) return;
  for (const field of message.unknownFields) {
    writer.varint(field.no * 8 + field.wireType);
    if (field.wireType === bytesWire) writer.varint(field.data.length);
    writer.bytes(field.data);
  }
}

/** Whole seconds of a duration in milliseconds. Rounded up, so that a limit never becomes shorter or vanishes. */
function secondsUp(ms: number): number {
  return Math.ceil(ms / 1_000);
}

function secondsDown(ms: number | undefined): number {
  return ms === undefined ? 0 : Math.floor(ms / 1_000);
}

function writeText(writer: ByteWriter, tag: number, value: string): void {
  if (value === "") return;
  writer.byte(tag);
  if (writer.shortText(value)) return;
  const bytes = Buffer.from(value);
  writer.varint(bytes.length);
  writer.bytes(bytes);
}

function writeNumber(writer: ByteWriter, tag: number, value: number): void {
  if (value === 0) return;
  writer.byte(tag);
  writer.varint(value);
}

/** Map entries carry both fields, also when they are empty. */
function writeHeader(writer: ByteWriter, name: string, value: string): void {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  writer.byte(0x7a);
  writer.varint(
    2 + varintSize(nameBytes.length) + nameBytes.length + varintSize(valueBytes.length) + valueBytes.length,
  );
  writer.byte(0x0a);
  writer.varint(nameBytes.length);
  writer.bytes(nameBytes);
  writer.byte(0x12);
  writer.varint(valueBytes.length);
  writer.bytes(valueBytes);
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Reads a message. Fields may come in any order; unknown ones are kept. The payload is a view on `bytes`.
 * @throws HikyakuError `corrupt_data` when the bytes are no message, a text is not UTF-8 or a time is out of range.
 */
export function decodeTaskMessage(bytes: Uint8Array): TaskMessage {
  const reader = new Reader(bytes);
  let type = "";
  let payload: Uint8Array = empty;
  let id = "";
  let queue = "";
  let maxRetry = 0;
  let retried = 0;
  let lastError = "";
  let timeout = 0;
  let deadline = 0;
  let uniqueKey = "";
  let lastFailed = 0;
  let retention = 0;
  let completed = 0;
  let group = "";
  let headers: Record<string, string> | undefined;
  let unknown: UnknownField[] | undefined;
  while (!reader.atEnd()) {
    const tag = reader.tag();
    switch (tag) {
      case 0x0a:
        type = reader.textLike(readType);
        readType = type;
        break;
      case 0x12:
        payload = reader.bytes();
        break;
      case 0x1a:
        id = reader.text();
        break;
      case 0x22:
        queue = reader.textLike(readQueue);
        readQueue = queue;
        break;
      case 0x28:
        maxRetry = reader.int32();
        break;
      case 0x30:
        retried = reader.int32();
        break;
      case 0x3a:
        lastError = reader.text();
        break;
      case 0x40:
        timeout = reader.seconds();
        break;
      case 0x48:
        deadline = reader.seconds();
        break;
      case 0x52:
        uniqueKey = reader.text();
        break;
      case 0x58:
        lastFailed = reader.seconds();
        break;
      case 0x60:
        retention = reader.seconds();
        break;
      case 0x68:
        completed = reader.seconds();
        break;
      case 0x72:
        group = reader.text();
        break;
      case 0x7a: {
        headers ??= {};
        const [name, value] = readHeader(reader.bytes());
        setOwn(headers, name, value);
        break;
      }
      default:
        unknown ??= [];
        unknown.push(reader.unknown(tag));
    }
  }
  const message = {
    id,
    type,
    queue,
    payload,
    maxRetry,
    retried,
    lastError,
    lastFailedAt: moment(lastFailed),
    timeoutMs: timeout * 1_000,
    deadlineAt: moment(deadline),
    uniqueKey,
    group,
    retentionMs: retention * 1_000,
    completedAt: moment(completed),
    headers: headers ?? noHeaders,
  };
  return unknown === undefined ? message : { ...message, unknownFields: unknown };
}

const empty = new Uint8Array(0);

/** Most messages are of the type and queue of the one before: to see that costs less than to make the text anew. */
let readType = "";
let readQueue = "";

function moment(seconds: number): number | undefined {
  return seconds === 0 ? undefined : seconds * 1_000;
}

/** `__proto__` is a header name like any other. */
function setOwn(headers: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
}

function readHeader(bytes: Uint8Array): [string, string] {
  const reader = new Reader(bytes);
  let name = "";
  let value = "";
  while (!reader.atEnd()) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.text();
    else if (tag === 0x12) value = reader.text();
    else reader.unknown(tag);
  }
  return [name, value];
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Reader {
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  atEnd(): boolean {
    return this.#offset >= this.#buffer.length;
  }

  tag(): number {
    const tag = this.#unsigned();
    if (tag < 8 || tag > 0xffff_ffff) throw corrupt(`field number 0 or out of range at byte ${this.#offset}`);
    return tag;
  }

  bytes(): Buffer {
    const length = this.#unsigned();
    const end = this.#offset + length;
    if (end > this.#buffer.length) throw corrupt(`a field of ${length} bytes is cut off at byte ${this.#offset}`);
    const value = this.#buffer.subarray(this.#offset, end);
    this.#offset = end;
    return value;
  }

  text(): string {
    const length = this.#unsigned();
    const start = this.#offset;
    const end = start + length;
    if (end > this.#buffer.length) throw corrupt(`a text of ${length} bytes is cut off at byte ${start}`);
    this.#offset = end;
    for (let index = start; index < end; index++) {
      if ((this.#buffer[index] ?? 0) > 0x7f) return decodeUtf8(this.#buffer.subarray(start, end));
    }
    return this.#buffer.toString("latin1", start, end);
  }

  /** The same; `expected` itself where that is the text. */
  textLike(expected: string): string {
    const start = this.#offset;
    const length = this.#unsigned();
    const from = this.#offset;
    if (length === expected.length && length > 0 && from + length <= this.#buffer.length) {
      let index = 0;
      while (index < length && isSameAscii(this.#buffer[from + index] ?? 0, expected, index)) index++;
      if (index === length) {
        this.#offset = from + length;
        return expected;
      }
    }
    this.#offset = start;
    return this.text();
  }

  /** A moment or duration: one that JavaScript can't tell exactly in milliseconds would be written back as another. */
  seconds(): number {
    const start = this.#offset;
    const value = this.#varint();
    const seconds = Number.isSafeInteger(value) ? value : Number(BigInt.asIntN(64, this.#bigVarint(start)));
    if (!Number.isSafeInteger(seconds) || (seconds * 1_000) / 1_000 !== seconds) {
      throw corrupt(`a time of ${seconds} s, which is out of range, at byte ${start}`);
    }
    return seconds;
  }

  int32(): number {
    const start = this.#offset;
    const value = this.#varint();
    return Number.isSafeInteger(value) ? value | 0 : Number(BigInt.asIntN(32, this.#bigVarint(start)));
  }

  unknown(tag: number): UnknownField {
    const wireType = tag % 8;
    const no = Math.floor(tag / 8);
    if (wireType === bytesWire) return { no, wireType, data: this.bytes() };
    const start = this.#offset;
    if (wireType === varintWire) this.#varint();
    else if (wireType === fixed64Wire) this.#offset += 8;
    else if (wireType === fixed32Wire) this.#offset += 4;
    else throw corrupt(`wire type ${wireType} at byte ${start}`);
    if (this.#offset > this.#buffer.length) throw corrupt(`field ${no} is cut off at byte ${start}`);
    return { no, wireType, data: this.#buffer.subarray(start, this.#offset) };
  }

  #unsigned(): number {
    const value = this.#varint();
    if (!Number.isSafeInteger(value)) throw corrupt(`a length out of range at byte ${this.#offset}`);
    return value;
  }

  /** The value as a double: exact up to 2^53, only marked as too large above. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#buffer[this.#offset++];
      if (byte === undefined) throw corrupt("a number is cut off at the end");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw corrupt(`a number of more than ten bytes at byte ${this.#offset}`);
  }

  #bigVarint(start: number): bigint {
    let value = 0n;
    for (let index = start; index < this.#offset; index++) {
      value |= BigInt((this.#buffer[index] ?? 0) & 0x7f) << BigInt(7 * (index - start));
    }
    return value;
  }
}

function isSameAscii(byte: number, text: string, index: number): boolean {
  return byte <= 0x7f && byte === text.charCodeAt(index);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw new HikyakuError("corrupt_data", "task message: expected text in UTF-8", { cause });
  }
}

function corrupt(detail: string): HikyakuError {
  return new HikyakuError("corrupt_data", `task message: expected protobuf, got ${detail}`);
}
