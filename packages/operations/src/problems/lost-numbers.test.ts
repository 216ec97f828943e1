import { describe, expect, it } from "vitest";
import { parseJsonBody } from "./json-body.ts";

const parsed = (text: string) => parseJsonBody({ "content-type": "application/json" }, Buffer.from(text));
const refusalOf = (text: string): unknown => {
  try {
    parsed(text);
  } catch (error) {
    return error;
  }
  throw new Error("expected a refusal");
};

describe("numbers of a body", () => {
  it.each([
    ['{"payload":{"v":1e999}}', "body.payload.v", "null"],
    ['{"payload":{"v":-1e400}}', "body.payload.v", "null"],
    ['{"payload":{"v":0.5e-999}}', "body.payload.v", "0"],
    ['{"payload":9007199254740993}', "body.payload", "9007199254740992"],
    ['{"a":["1,2",{"x":1,"y":{}},[-1152921504606846976]]}', "body.a.2.0", "-1152921504606847000"],
    ['{"a\\"{":{"b":"\\\\","1e999":[0, 1 , 1E+999 ]}}', 'body.a"{.1e999.2', "null"],
    [`1${"0".repeat(400)}`, "body", "null"],
  ])("are refused where they would be stored as others: %s", (text, location, stored) => {
    expect(refusalOf(text)).toMatchObject({
      code: "invalid_body",
      errors: [{ location, message: expect.stringContaining(`would become ${stored}`) }],
    });
  });

  it.each([
    '{"v":9007199254740991,"w":-9007199254740991,"x":9007199254740992}',
    '{"v":6.02214076e23,"w":1e300,"x":1e-300,"y":0e999,"z":0.12345678901234567890123}',
    '{"12345678901234567890":"1e999 and 12345678901234567890 \\" 1e999","e1000":[]}',
  ])("are taken where they stay what they are: %s", (text) => {
    expect(parsed(text)).toEqual(JSON.parse(text));
  });

  it("are named up to twenty", () => {
    expect(refusalOf(`[${Array(30).fill("1e999").join()}]`)).toMatchObject({ errors: { length: 20 } });
  });

  it("of a large body are looked through in a moment", () => {
    const text = JSON.stringify({
      id: "1234567890123456",
      quotes: '\\"'.repeat(250_000),
      open: Array(50_000).fill([[]]),
    });
    const began = performance.now();
    parsed(text);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
