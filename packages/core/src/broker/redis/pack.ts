import { ByteWriter } from "../../codec/byte-writer.ts";
import { writeTaskMessage } from "../../codec/task-codec.ts";
import type { TaskMessage } from "../task-message.ts";

/**
 * Packs arguments of a script as one MessagePack array, so that a batch is one argument. Redis parses and copies it
 * once, and the client writes it in one piece.
 */
export class Pack {
  readonly #writer: ByteWriter;
  #count = 0;

  constructor(expectedBytes: number) {
    this.#writer = new ByteWriter(expectedBytes);
    this.#writer.byte(0xdd);
    this.#writer.uint32(0);
  }

  get length(): number {
    return this.#writer.length;
  }

  /** A whole number from 0 to 2^53. */
  number(value: number): void {
    this.#count++;
    if (value <= 0x7f) {
      this.#writer.byte(value);
    } else if (value <= 0xffff_ffff) {
      this.#writer.byte(0xce);
      this.#writer.uint32(value);
    } else {
      this.#writer.byte(0xcb);
      this.#writer.float64(value);
    }
  }

  text(value: string): void {
    this.#count++;
    this.#writer.byte(0xdb);
    const at = this.#writer.length;
    this.#writer.uint32(0);
    this.#writer.patchUint32(at, this.#writer.text(value));
  }

  bytes(value: Uint8Array): void {
    this.#count++;
    this.#writer.byte(0xdb);
    this.#writer.uint32(value.length);
    this.#writer.bytes(value);
  }

  message(value: TaskMessage): void {
    this.#count++;
    this.#writer.byte(0xdb);
    const at = this.#writer.length;
    this.#writer.uint32(0);
    writeTaskMessage(this.#writer, value);
    this.#writer.patchUint32(at, this.#writer.length - at - 4);
  }

  /** Lua's `false`. */
  nothing(): void {
    this.#count++;
    this.#writer.byte(0xc2);
  }

  list(values: readonly string[]): void {
    this.#count++;
    this.#writer.byte(0xdd);
    this.#writer.uint32(values.length);
    const before = this.#count;
    for (const value of values) this.text(value);
    this.#count = before;
  }

  finish(): Buffer {
    this.#writer.patchUint32(1, this.#count);
    return this.#writer.finish();
  }
}
