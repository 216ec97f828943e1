/** Builds protobuf and MessagePack bytes in one growing buffer, so that a batch is written without an object per field. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(initialBytes = 4_096) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far. They stay valid: a later `reset` starts on a new buffer unless `reuse` was asked for. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Starts again in the same memory. The result of the last `finish` must not be in use any more. */
  reuse(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** Appends the bytes of another writer. */
  append(other: ByteWriter): void {
    this.#reserve(other.#length);
    other.#buffer.copy(this.#buffer, this.#length, 0, other.#length);
    this.#length += other.#length;
  }

  /** Text as UTF-8 without a length. Returns how many bytes it took. */
  text(value: string): number {
    this.#reserve(value.length * 3);
    const taken = this.#buffer.write(value, this.#length);
    this.#length += taken;
    return taken;
  }

  /**
   * Writes the length in one byte, then the text, if the text takes fewer than 128 bytes. Otherwise writes nothing and
   * returns false.
   */
  shortText(value: string): boolean {
    if (value.length > 127) return false;
    this.#reserve(value.length * 3 + 1);
    const taken = this.#buffer.write(value, this.#length + 1);
    if (taken > 127) return false;
    this.#buffer[this.#length] = taken;
    this.#length += taken + 1;
    return true;
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#length = this.#buffer.writeUInt16BE(value, this.#length);
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32BE(value, this.#length);
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleBE(value, this.#length);
  }

  /** A protobuf varint of a whole number. Negative numbers take ten bytes, as the format requires. */
  varint(value: number): void {
    this.#reserve(10);
    if (value < 0) {
      this.#negativeVarint(value);
      return;
    }
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
  }

  /** Puts `value` where `uint32` was written before. */
  patchUint32(offset: number, value: number): void {
    this.#buffer.writeUInt32BE(value, offset);
  }

  #negativeVarint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
