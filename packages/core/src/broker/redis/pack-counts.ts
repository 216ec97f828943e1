import type { StatisticsCounts } from "../statistics-counts.ts";
import { Pack } from "./pack.ts";

/** The numbers as scripts get and keep them: MessagePack, place and count in turn, without those that are 0. */
export function packCounts(counts: StatisticsCounts): Buffer {
  const pack = new Pack(256);
  for (let place = 0; place < counts.length; place++) {
    const count = Math.round(counts[place] ?? 0);
    if (count <= 0) continue;
    pack.number(place);
    pack.number(count);
  }
  return pack.finish();
}

/** Adds what a script has kept. Leaves out places that this version does not know, and all of what is no such list. */
export function addPackedCounts(counts: StatisticsCounts, packed: Buffer): void {
  const numbers = numbersOf(packed);
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    const [place = -1, count = 0] = [numbers[index], numbers[index + 1]];
    if (place >= 0 && place < counts.length) counts[place] = (counts[place] ?? 0) + count;
  }
}

/** The numbers of a MessagePack list, as Redis packs those that are whole and not negative. Empty for anything else. */
function numbersOf(packed: Buffer): number[] {
  try {
    const { size, from } = headOf(packed);
    const numbers: number[] = [];
    let at = from;
    for (let index = 0; index < size; index++) {
      const { value, end } = numberAt(packed, at);
      numbers.push(value);
      at = end;
    }
    return numbers;
  } catch {
    return [];
  }
}

function headOf(packed: Buffer): { readonly size: number; readonly from: number } {
  const first = packed.readUInt8(0);
  if (first >> 4 === 0x9) return { size: first & 0x0f, from: 1 };
  if (first === 0xdc) return { size: packed.readUInt16BE(1), from: 3 };
  if (first === 0xdd) return { size: packed.readUInt32BE(1), from: 5 };
  return { size: 0, from: 1 };
}

function numberAt(packed: Buffer, at: number): { readonly value: number; readonly end: number } {
  const kind = packed.readUInt8(at);
  if (kind <= 0x7f) return { value: kind, end: at + 1 };
  switch (kind) {
    case 0xcc:
      return { value: packed.readUInt8(at + 1), end: at + 2 };
    case 0xcd:
      return { value: packed.readUInt16BE(at + 1), end: at + 3 };
    case 0xce:
      return { value: packed.readUInt32BE(at + 1), end: at + 5 };
    case 0xcf:
      return { value: Number(packed.readBigUInt64BE(at + 1)), end: at + 9 };
    case 0xca:
      return { value: packed.readFloatBE(at + 1), end: at + 5 };
    case 0xcb:
      return { value: packed.readDoubleBE(at + 1), end: at + 9 };
    default:
      throw new RangeError(`expected a number, got the kind ${kind}`);
  }
}
