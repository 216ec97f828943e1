import { expect } from "vitest";

/** Lets tests compare bytes by what they are: a store may hand out Node's `Buffer`, which is a `Uint8Array` too. */
expect.addEqualityTesters([
  function sameBytes(one: unknown, other: unknown): boolean | undefined {
    if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return undefined;
    return Buffer.compare(one, other) === 0;
  },
]);

/** Matches a moment that a store may have cut to its whole second, as the wire format does. */
export function withinTheSecondOf(moment: number): number {
  const isWithin = (value: unknown) => value === moment || value === Math.floor(moment / 1_000) * 1_000;
  return expect.toSatisfy(isWithin, `${moment} or its whole second`) as unknown as number;
}
