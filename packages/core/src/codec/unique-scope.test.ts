import { describe, expect, it } from "vitest";
import { uniqueScope } from "./unique-scope.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("unique scope", () => {
  it("spells a payload as Go does", () => {
    expect(uniqueScope("email:send", bytes('{"user_id":42}'))).toBe("email:send:1181f89307fa271072c095747d5813cc");
  });

  it("tells an absent payload from an empty one", () => {
    expect(uniqueScope("email:send", undefined)).toBe("email:send:");
    expect(uniqueScope("email:send", new Uint8Array())).toBe("email:send:d41d8cd98f00b204e9800998ecf8427e");
  });
});
