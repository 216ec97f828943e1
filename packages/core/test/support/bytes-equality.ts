import { expect } from "vitest";

/** Lets tests compare bytes by what they are: a store may hand out Node's `Buffer`, which is a `Uint8Array` too. */
expect.addEqualityTesters([
  function sameBytes(one: unknown, other: unknown): boolean | undefined {
    if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return undefined;
    return Buffer.compare(one, other) === 0;
  },
]);
