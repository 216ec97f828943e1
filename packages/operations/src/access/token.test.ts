import { describe, expect, it } from "vitest";
import { Operations } from "../operations.ts";
import { tokenAccess } from "./token.ts";

const token = "a-token-of-the-test-0123456789";
const head = { method: "GET", httpVersion: "1.1", peerAddress: undefined, address: undefined };
const asked = (authorization: string) => ({ ...head, headers: { authorization } });

describe("access by a token", () => {
  it("is for whoever sends it, with the scopes that it was made with", async () => {
    expect(await tokenAccess(token)(asked(`Bearer ${token}`))).toEqual({ scopes: ["admin"], byBearerToken: true });
    expect(await tokenAccess(token, ["read"])(asked(`bearer ${token}`))).toEqual({
      scopes: ["read"],
      byBearerToken: true,
    });
    for (const wrong of ["", token, `Basic ${token}`, `Bearer ${token}x`, `Bearer ${token.slice(1)}`]) {
      expect(() => tokenAccess(token)(asked(wrong))).toThrow(expect.objectContaining({ code: "unauthenticated" }));
    }
  });

  it("is refused at start for a token that anybody could guess, such as one that was never set, without telling it", () => {
    for (const wrong of ["", "short", "with spaces in it 0123", "öööööööööööööööööööö"]) {
      expect(() => tokenAccess(wrong)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    }
    expect(() => tokenAccess("sesame-1")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("sesame") }),
    );
  });

  it("is refused at start for scopes that there are not: each of its requests would fail", () => {
    for (const wrong of [["reed"], "admin", [null], null]) {
      const refused = expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("scopes:") });
      expect(() => tokenAccess("0123456789abcdef", wrong as never)).toThrow(refused);
    }
  });

  it("has no default: operations for which nobody says who asks are not made", () => {
    // @ts-expect-error: types say so too
    expect(() => new Operations({ broker: {} })).toThrow(/option "authorize": expected a function .*, got undefined/);
  });
});
