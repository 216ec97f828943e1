import { describe, expect, it } from "vitest";
import { isLoopback } from "./loopback.ts";

describe("isLoopback", () => {
  it.each(["localhost", "LOCALHOST", "127.0.0.1", "127.255.255.255", "::1", "[::1]", "::ffff:127.0.0.1"])(
    "takes %s for this machine",
    (host) => expect(isLoopback(host)).toBe(true),
  );

  it.each([
    "127.0.0.256",
    "127.999.0.1",
    "127.0.0.01",
    "127.0.0",
    "127.0.0.1.evil.example",
    "0.0.0.0",
    "::",
    "",
    "[localhost]",
    "::ffff:localhost",
    "[127.0.0.1]",
    "localhost.evil.example",
  ])("does not take %j for this machine", (host) => expect(isLoopback(host)).toBe(false));
});
