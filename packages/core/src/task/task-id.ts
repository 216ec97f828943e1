import { randomFillSync } from "node:crypto";
import type { Clock } from "../runtime/clock.ts";

/** Makes ids for new tasks. A caller that makes many at once may pass the time (milliseconds since the epoch). */
export type TaskIds = (now?: number) => string;

/** The length of an id, in characters and in bytes. */
export const taskIdLength = 36;

const generators = new WeakMap<Clock, TaskIds>();

/** The one generator of this process for a clock, so that ids of all its clients rise together. */
export function taskIdsOf(clock: Clock): TaskIds {
  let generator = generators.get(clock);
  if (generator === undefined) {
    generator = createTaskIds(() => clock.now());
    generators.set(clock, generator);
  }
  return generator;
}

const counterSize = 0x1000;
/** Two for the beginning of a counter, eight for the digits. */
const randomBytesPerId = 10;
const poolBytes = 400 * randomBytesPerId;
const digits = Buffer.from("0123456789abcdef");
/** Where the parts of an id begin. The time comes first; the version is a digit before the counter. */
const counterAt = 15;
const variantAt = 19;
const tailAt = 24;

/**
 * Ids are UUIDs of version 7: milliseconds since the epoch, then a counter, then 62 random bits. The counter starts at
 * a random place each millisecond. Each id sorts after the one before it. To keep that, the time in the id may run
 * ahead of the clock. It does when the clock steps back, or when one millisecond needs more ids than the counter has
 * room for.
 */
export function createTaskIds(now: () => number): TaskIds {
  const pool = Buffer.allocUnsafe(poolBytes);
  const id = Buffer.alloc(taskIdLength, "-");
  let position = poolBytes;
  let lastMs = -1;
  let counter = counterSize - 1;

  const startMillisecond = (ms: number): void => {
    lastMs = ms;
    // The upper half of the counter is left free, so that even the highest seed leaves room for 2048 more ids.
    counter = pool.readUInt16LE(position) % (counterSize / 2);
    const time = ms.toString(16).padStart(12, "0");
    id.write(`${time.slice(0, 8)}-${time.slice(8)}-7`);
  };

  const putRandomByte = (at: number): void => {
    const byte = pool[position++] ?? 0;
    id[at] = digits[byte >> 4] ?? 0;
    id[at + 1] = digits[byte & 15] ?? 0;
  };

  return (at) => {
    if (position === poolBytes) {
      randomFillSync(pool);
      position = 0;
    }
    const ms = Math.floor(at ?? now());
    counter += 1;
    if (ms > lastMs || counter === counterSize) startMillisecond(Math.max(ms, lastMs + 1));
    id[counterAt] = digits[counter >> 8] ?? 0;
    id[counterAt + 1] = digits[(counter >> 4) & 15] ?? 0;
    id[counterAt + 2] = digits[counter & 15] ?? 0;
    position += 2;
    const variant = 8 + ((pool[position] ?? 0) >> 6);
    for (let place = variantAt; place < variantAt + 4; place += 2) putRandomByte(place);
    id[variantAt] = digits[variant] ?? 0;
    for (let place = tailAt; place < taskIdLength; place += 2) putRandomByte(place);
    // In one piece: text that is put together of parts would be copied when it is first written.
    return id.toString("latin1");
  };
}

/** The millisecond in a UUID of version 7. Undefined for other ids, and for one that claims to be from the future. */
export function momentOfId(id: string, now: number): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(id)) return undefined;
  const moment = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return moment <= now ? moment : undefined;
}
