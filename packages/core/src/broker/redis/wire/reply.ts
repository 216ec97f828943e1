import type { Reply } from "./link.ts";

/** The elements of a list. Empty for any other reply. */
export function list(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** A text or a number, as text. Undefined for any other reply. */
export function text(reply: Reply | undefined): string | undefined {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return typeof reply === "number" ? String(reply) : undefined;
}

/** Whether the reply is exactly that text. */
export function isText(reply: Buffer, expected: string): boolean {
  for (let index = 0; index < reply.length; index++) {
    const byte = reply[index] ?? 0;
    // Only in ASCII is a byte a character.
    if (byte > 0x7f || byte !== expected.charCodeAt(index)) return reply.toString() === expected;
  }
  return reply.length === expected.length;
}

/** The millisecond of a moment that is given in nanoseconds, as text. Undefined when there is none. */
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

/** How many more digits a moment has in nanoseconds than in milliseconds. */
const nanosecondDigits = 6;
const zero = 48;

/** The same bytes as the type that the connection writes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
