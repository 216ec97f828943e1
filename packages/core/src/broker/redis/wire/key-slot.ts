/** The number of slots of a cluster. */
export const slotCount = 16_384;

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  return crc;
});

/**
 * The slot of a key in a cluster: the CRC 16 (XMODEM) of the text in its first pair of braces, or of the whole key
 * without one.
 */
export function keySlot(key: string | Buffer): number {
  const bytes = typeof key === "string" ? Buffer.from(key) : key;
  const open = bytes.indexOf(0x7b);
  const close = open === -1 ? -1 : bytes.indexOf(0x7d, open + 1);
  const tagged = close > open + 1;
  const end = tagged ? close : bytes.length;
  let crc = 0;
  for (let index = tagged ? open + 1 : 0; index < end; index++) {
    crc = ((crc << 8) & 0xffff) ^ (crcTable[(crc >> 8) ^ (bytes[index] ?? 0)] ?? 0);
  }
  return crc % slotCount;
}

/** The first key that one of our commands names. Undefined when it names none. */
export function firstKey(args: readonly (string | Buffer)[]): string | Buffer | undefined {
  switch (args[0]) {
    case "EVALSHA":
    case "EVAL":
      return args[2] === "0" ? undefined : args[3];
    case "PING":
    case "TIME":
    case "PUBLISH":
    case "CONFIG":
    case "INFO":
    case "SCAN":
    case "WAIT":
    case "WAITAOF":
      return undefined;
    default:
      return args[1];
  }
}
