import { randomFillSync } from "node:crypto";
import type { Clock } from "./clock.ts";

/** Makes ids for new tasks. */
export type TaskIds = () => string;

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
const idsPerPool = 400;
const randomBytesPerId = 10;

/**
 * Ids are UUIDs of version 7: milliseconds since the epoch, then a counter that starts anew at a random place each
 * millisecond, then 62 random bits. Each id sorts after the one before it, also when the clock steps back or when more
 * ids are asked for in one millisecond than the counter has room for: the time in the id then runs ahead of the clock.
 */
export function createTaskIds(now: () => number): TaskIds {
  const pool = Buffer.allocUnsafe(idsPerPool * randomBytesPerId);
  let hex = "";
  let position = 0;
  let lastMs = -1;
  let counter = counterSize - 1;
  let timePart = "";

  const startMillisecond = (ms: number, seed: number): void => {
    lastMs = ms;
    // The upper half of the counter is left free, so that even the highest seed leaves room for 2048 more ids.
    counter = seed % (counterSize / 2);
    const digits = ms.toString(16).padStart(12, "0");
    timePart = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
  };

  return () => {
    if (position === hex.length) {
      hex = randomFillSync(pool).toString("hex");
      position = 0;
    }
    const start = position;
    position += randomBytesPerId * 2;
    const ms = Math.floor(now());
    counter += 1;
    if (ms > lastMs || counter === counterSize) {
      startMillisecond(Math.max(ms, lastMs + 1), pool.readUInt16LE(start / 2));
    }
    const count = (counter + counterSize).toString(16).slice(1);
    const variant = "89ab"[hex.charCodeAt(start + 4) & 3];
    return `${timePart}${count}-${variant}${hex.slice(start + 5, start + 8)}-${hex.slice(start + 8, start + 20)}`;
  };
}
