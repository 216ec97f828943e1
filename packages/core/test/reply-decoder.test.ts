import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RedisRefusal, type Reply } from "../src/broker/redis/wire/link.ts";
import { ReplyDecoder } from "../src/broker/redis/wire/reply-decoder.ts";

const seed = Number(process.env["HIKYAKU_SEED"] ?? 20_261_121);

interface Heard {
  readonly replies: (Reply | RedisRefusal)[];
  readonly pushes: (readonly Reply[])[];
}

/** What comes out when the bytes come in pieces that end at these places. */
function decoded(bytes: Buffer, ends: readonly number[] = []): Heard {
  const heard: Heard = { replies: [], pushes: [] };
  const decoder = new ReplyDecoder(
    (reply) => heard.replies.push(reply),
    (items) => heard.pushes.push(items),
  );
  let from = 0;
  for (const end of [...ends.map((end) => end % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    if (end > from) decoder.feed(Buffer.from(bytes.subarray(from, end)));
    from = end;
  }
  return heard;
}

function repliesTo(text: string): (Reply | RedisRefusal)[] {
  return decoded(Buffer.from(text, "latin1")).replies;
}

function text(value: string): Buffer {
  return Buffer.from(value);
}

describe("replies of Redis", () => {
  it.each<[what: string, bytes: string, reply: Reply]>([
    ["a short text", "+OK\r\n", text("OK")],
    ["a text", "$5\r\na\r\nbc\r\n", text("a\r\nbc")],
    ["an empty text", "$0\r\n\r\n", text("")],
    ["no text", "$-1\r\n", null],
    ["a number", ":1024\r\n", 1024],
    ["a number below zero", ":-7\r\n", -7],
    ["a list", "*2\r\n$1\r\na\r\n:1\r\n", [text("a"), 1]],
    ["an empty list", "*0\r\n", []],
    ["no list", "*-1\r\n", null],
    ["lists in lists", "*2\r\n*1\r\n*0\r\n$1\r\na\r\n", [[[]], text("a")]],
    ["a map", "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:2\r\n", [text("a"), 1, text("b"), 2]],
    ["a set", "~2\r\n$1\r\na\r\n$1\r\nb\r\n", [text("a"), text("b")]],
    ["nothing", "_\r\n", null],
    ["yes", "#t\r\n", 1],
    ["no", "#f\r\n", 0],
    ["a fraction", ",1.5\r\n", 1.5],
    ["no end", ",-inf\r\n", Number.NEGATIVE_INFINITY],
    [
      "a large number",
      "(3492890328409238509324850943850943825024385\r\n",
      text("3492890328409238509324850943850943825024385"),
    ],
    ["a text with its kind", "=7\r\ntxt:a b\r\n", text("a b")],
    ["something with an attribute before it", "|1\r\n+ttl\r\n:3600\r\n$1\r\na\r\n", text("a")],
    ["an attribute inside a list", "*2\r\n|1\r\n+ttl\r\n:3600\r\n$1\r\na\r\n:2\r\n", [text("a"), 2]],
  ])("tell %s", (_what, bytes, reply) => {
    expect(repliesTo(bytes)).toEqual([reply]);
  });

  it.each(["-WRONGTYPE not a list\r\n", "!20\r\nWRONGTYPE not a list\r\n", "*2\r\n:1\r\n-WRONGTYPE not a list\r\n"])(
    "are refusals with their word: %j",
    (bytes) => {
      const [refusal, ...others] = repliesTo(bytes);
      expect(others).toEqual([]);
      expect(refusal).toBeInstanceOf(RedisRefusal);
      expect(refusal).toMatchObject({ word: "WRONGTYPE", message: "WRONGTYPE not a list" });
    },
  );

  it("come between what is pushed, and are not mixed up with it", () => {
    const bytes = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n:1\r\n>2\r\n+invalidate\r\n_\r\n:2\r\n";
    expect(decoded(Buffer.from(bytes))).toEqual({
      replies: [1, 2],
      pushes: [
        [text("message"), text("c"), text("m")],
        [text("invalidate"), null],
      ],
    });
  });

  it("are the same in whatever pieces they come", () => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
    const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
      reply: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("reply"), { maxLength: 5 })),
    }));
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 12 }), (replies, ends) => {
        expect(decoded(Buffer.concat(replies.map(encoded)), ends)).toEqual({ replies, pushes: [] });
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it("are the same when each byte comes alone", () => {
    const bytes = Buffer.from(
      "*3\r\n$3\r\na\r\n\r\n-no\r\n:12\r\n>1\r\n+x\r\n,2.5\r\n|1\r\n+k\r\n+v\r\n%1\r\n#t\r\n_\r\n",
    );
    expect(decoded(bytes, [...bytes.keys()])).toEqual(decoded(bytes));
    expect(decoded(bytes).replies).toHaveLength(3);
  });

  it.each([
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    "$3\r\nabcd\r\n",
    "$x\r\n",
    "$1234567890123\r\n",
    ":12a\r\n",
    ":1\n",
    `:${"1".repeat(100)}`,
    `+${"a".repeat(100_000)}`,
    "*1\r\n".repeat(100),
  ])("are told from what is none: %j", (bytes) => {
    expect(() => repliesTo(bytes)).toThrow(/expected an answer of Redis, got "/);
  });

  it("never take other bytes for longer than the bytes last", () => {
    const byte = fc.oneof(fc.constantFrom(...Buffer.from("*$:+-%~>|_#,=!(\r\n0123456789")), fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), (bytes) => {
        try {
          const { replies } = decoded(Buffer.from(bytes));
          expect(replies.length).toBeLessThanOrEqual(bytes.length / 3);
        } catch (error) {
          expect(String(error)).toContain("expected an answer of Redis");
        }
      }),
      { seed, numRuns: 5_000 },
    );
  });
});

function encoded(reply: Reply): Buffer {
  if (reply === null) return Buffer.from("_\r\n");
  if (typeof reply === "number") return Buffer.from(`:${reply}\r\n`);
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from("\r\n")]);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encoded)]);
}
