import type { Reply } from "./link.ts";

/** The elements of a reply that is a list; none for any other reply. */
export function list(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** A reply that is text or a number, as text; undefined for any other. */
export function text(reply: Reply | undefined): string | undefined {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return typeof reply === "number" ? String(reply) : undefined;
}

/** Whether the reply is that text, and nothing else. */
export function isText(reply: Buffer, expected: string): boolean {
  for (let index = 0; index < reply.length; index++) {
    const byte = reply[index] ?? 0;
    // Bytes are characters in ASCII only.
    if (byte > 0x7f || byte !== expected.charCodeAt(index)) return reply.toString() === expected;
  }
  return reply.length === expected.length;
}

/** The millisecond of a moment in nanoseconds as text; undefined where there is none. */
export function momentOfNanoseconds(reply: Reply | undefined): number | undefined {
  const digits = typeof reply === "number" ? Buffer.from(String(reply)) : reply;
  if (!Buffer.isBuffer(digits)) return undefined;
  const end = digits.length - nanosecondDigits;
  if (end < 1) return undefined;
  let milliseconds = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = (digits[index] ?? 0) - zero;
    if (digit < 0 || digit > 9) return undefined;
    if (index < end) milliseconds = milliseconds * 10 + digit;
  }
  return milliseconds;
}

/** What a moment in nanoseconds has more than one in milliseconds. */
const nanosecondDigits = 6;
const zero = 48;

/** The same bytes, in the type that the connection writes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
