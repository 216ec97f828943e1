import fc from "fast-check";
import type { TaskMessage } from "../../src/broker/task-message.ts";
import { encodeTaskMessage } from "../../src/codec/task-codec.ts";
import type { FieldKind } from "../../src/task/field-kind.ts";
import { fieldNames, fieldRow } from "../../src/task/task-fields.ts";
import { aTask } from "../support/builders.ts";

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 20 }), fc.constantFrom("__proto__", "a".repeat(200)));
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const seconds = fc.integer({ min: -8_640_000_000, max: 8_640_000_000 });
const moment = fc.option(
  seconds.filter((value) => value !== 0).map((value) => value * 1_000),
  { nil: undefined },
);

/** Any value of a kind as it comes out of the wire format: whole seconds, a payload that is never missing. */
const valuesOfKind: Readonly<Record<Exclude<FieldKind, "wire_fields">, fc.Arbitrary<unknown>>> = {
  text,
  count: int32,
  duration: seconds.map((value) => value * 1_000),
  moment,
  bytes: fc.uint8Array({ maxLength: 300 }).map((bytes): Uint8Array => Buffer.from(bytes)),
  texts: fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }),
};

const wireFields = fieldNames.filter((name) => typeof fieldRow(name).wire === "number");

function arbitraryOf(name: keyof TaskMessage): fc.Arbitrary<unknown> {
  const { kind } = fieldRow(name);
  if (kind === "wire_fields") throw new Error(`expected a field with a number, got "${name}"`);
  return valuesOfKind[kind];
}

/** Any message as it comes out of the wire format. */
export const messages = fc.record(
  Object.fromEntries(wireFields.map((name) => [name, arbitraryOf(name)])),
) as unknown as fc.Arbitrary<TaskMessage>;

/** Fields with numbers that the format does not use, in any of its four wire types. */
export const unknownFields: fc.Arbitrary<Buffer> = fc
  .array(
    fc.tuple(
      fc.integer({ min: 16, max: 2 ** 29 - 1 }),
      fc.oneof(
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ wireType: 0, data: varint(value) })),
        fc.uint8Array({ minLength: 8, maxLength: 8 }).map((data) => ({ wireType: 1, data: Buffer.from(data) })),
        fc
          .uint8Array({ maxLength: 40 })
          .map((data) => ({ wireType: 2, data: Buffer.concat([varint(BigInt(data.length)), data]) })),
        fc.uint8Array({ minLength: 4, maxLength: 4 }).map((data) => ({ wireType: 5, data: Buffer.from(data) })),
      ),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((fields) =>
    Buffer.concat(fields.flatMap(([no, { wireType, data }]) => [varint(BigInt(no) * 8n + BigInt(wireType)), data])),
  );

/** A number in protobuf's spelling; also one that is far too large for the format. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

/** The tags of the fields of some kinds. */
function tagsOf(kinds: readonly FieldKind[], wireType: number): number[] {
  return wireFields
    .map(fieldRow)
    .flatMap(({ kind, wire }) => (kinds.includes(kind) && typeof wire === "number" ? [wire * 8 + wireType] : []));
}

/** The numbers and the texts of a message; any field in any wire type. */
const tags = fc.oneof(
  fc.constantFrom(...tagsOf(["count", "duration", "moment"], 0)),
  fc.constantFrom(...tagsOf(["text", "bytes", "texts"], 2)),
  fc.constantFrom(...Array.from({ length: 20 }, (_, no) => [0, 1, 2, 5].map((type) => no * 8 + type)).flat()),
);
/** Lengths and numbers at the edges of what fits anywhere. */
const edges = fc.constantFrom(
  2n ** 7n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 70n,
  2n ** 200n,
);
const rest = fc.oneof({ weight: 3, arbitrary: fc.constant(new Uint8Array()) }, fc.uint8Array({ maxLength: 12 }));
const hugeField = fc
  .tuple(tags, edges, rest)
  .map(([tag, value, rest]) => Buffer.concat([varint(BigInt(tag)), varint(value), rest]));
const notText = fc
  .tuple(
    fc.constantFrom(...tagsOf(["text"], 2)),
    fc.constantFrom("ff", "c328", "a0a1", "e228a1", "f0288cbc", "eda080", "c080", "f8a1a1a1a1"),
  )
  .map(([tag, hex]) => Buffer.concat([Buffer.from([tag, hex.length / 2]), Buffer.from(hex, "hex")]));

/** What becomes of sound bytes in bad hands: cut, flipped, spliced with what can't be, or replaced. */
export function brokenBytes(sound: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> {
  const place = fc.nat(100_000);
  const at = (bytes: Uint8Array, where: number): number => where % (bytes.length + 1);
  return fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(sound, place).map(([bytes, where]) => Buffer.from(bytes.subarray(0, at(bytes, where)))),
    fc.tuple(sound, fc.array(fc.tuple(place, fc.nat(7)), { minLength: 1, maxLength: 4 })).map(([bytes, flips]) => {
      const flipped = Buffer.from(bytes);
      for (const [where, bit] of flips) {
        if (flipped.length > 0) flipped[where % flipped.length] = (flipped[where % flipped.length] ?? 0) ^ (1 << bit);
      }
      return flipped;
    }),
    fc.tuple(sound, place, fc.oneof(hugeField, notText)).map(([bytes, where, field]) => {
      const cut = at(bytes, where);
      return Buffer.concat([bytes.subarray(0, cut), field, bytes.subarray(cut)]);
    }),
    fc.tuple(sound, fc.oneof(hugeField, notText)).map(([bytes, field]) => Buffer.concat([bytes, field])),
    fc
      .tuple(sound, place, sound, place)
      .map(([one, from, other, to]) => Buffer.concat([one.subarray(0, at(one, from)), other.subarray(at(other, to))])),
  );
}

export const brokenMessages = brokenBytes(messages.map(encodeTaskMessage));

/** Broken bytes of the message that a task of this id would have. */
export function brokenMessageOf(id: string, queue: string): fc.Arbitrary<Buffer> {
  return brokenBytes(messages.map((message) => encodeTaskMessage(aTask({ ...message, id, queue }))));
}
