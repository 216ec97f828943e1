import { describe, expect, it } from "vitest";
import { clientKey, networkKey } from "./client-key.ts";

describe("clientKey", () => {
  it("keeps an IPv4 address as it is", () => {
    expect(clientKey("192.0.2.7")).toBe("192.0.2.7");
  });

  it("takes an IPv4 address written as IPv6 for the IPv4 address", () => {
    expect(clientKey("::ffff:192.0.2.7")).toBe("192.0.2.7");
    expect(clientKey("::FFFF:c000:207")).toBe("192.0.2.7");
  });

  it("puts all addresses of one /64 network together, in every spelling", () => {
    expect(clientKey("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
    expect(clientKey("2001:0DB8:0001:0002::9")).toBe("2001:db8:1:2::/64");
    expect(clientKey("2001:db8::1")).toBe("2001:db8:0:0::/64");
    expect(clientKey("::1")).toBe("0:0:0:0::/64");
    expect(clientKey("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
  });

  it("keeps neighbouring networks apart", () => {
    expect(clientKey("2001:db8:1:2::1")).not.toBe(clientKey("2001:db8:1:3::1"));
  });

  it("ignores a port that a proxy appended", () => {
    expect(clientKey("192.0.2.7:4711")).toBe("192.0.2.7");
    expect(clientKey("[2001:db8::1]:4711")).toBe("2001:db8:0:0::/64");
  });

  it("puts everything that is no address under one key, so that made-up names bring no new allowance", () => {
    expect(clientKey("someone")).toBe("unknown");
    expect(clientKey("")).toBe("unknown");
    expect(clientKey("{a}{b}")).toBe("unknown");
    expect(clientKey("x".repeat(100_000))).toBe("unknown");
  });
});

describe("networkKey", () => {
  it("puts the /64 networks of one /56 together, and no others", () => {
    expect(networkKey("2001:db8:1:2::1")).toBe("2001:db8:1:0::/56");
    expect(networkKey("2001:db8:1:ff::1")).toBe("2001:db8:1:0::/56");
    expect(networkKey("2001:db8:1:102::1")).toBe("2001:db8:1:100::/56");
  });

  it("is the address itself for IPv4", () => {
    expect(networkKey("::ffff:192.0.2.7")).toBe("192.0.2.7");
  });
});
