import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { basicAccess } from "./basic.ts";
import { type ProxyIdentityOptions, proxyIdentityAccess } from "./proxy-identity.ts";
import type { RequestHead } from "./request-head.ts";
import { SignInLimit } from "./sign-in-limit.ts";

function aHead(headers: IncomingHttpHeaders, peerAddress = "10.1.2.3"): RequestHead {
  return { method: "GET", headers, httpVersion: "1.1", peerAddress, address: peerAddress };
}

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

describe("basic authentication", () => {
  const options = { username: "ana", password: "correct horse 馬", limit: new SignInLimit() };

  it("lets in the one user, and leaves other credentials to others", async () => {
    const access = basicAccess(options);
    expect(await access(aHead(basic("ana:correct horse 馬")))).toEqual({ name: "ana", scopes: ["admin"] });
    expect(await access(aHead({}))).toBeUndefined();
    expect(await access(aHead({ authorization: "Bearer x" }))).toBeUndefined();
    for (const wrong of ["ana:", "ana:correct horse", "bob:correct horse 馬", ":", "ana"]) {
      expect(() => access(aHead(basic(wrong)))).toThrow(/not the user name/);
    }
  });

  it("stops guesses of an address for a minute, the right one too, and no other address", async () => {
    let now = 0;
    const access = basicAccess({ ...options, limit: new SignInLimit(() => now) });
    const right = aHead(basic("ana:correct horse 馬"));
    for (let guess = 0; guess < 10; guess++) expect(() => access(aHead(basic(`ana:${guess}`)))).toThrow(/not the user/);
    expect(() => access(right)).toThrow(/Too many wrong/);
    expect(await access(aHead(right.headers, "10.9.9.9"))).toMatchObject({ name: "ana" });
    now = 60_000;
    expect(await access(right)).toMatchObject({ name: "ana" });
  });

  it("is refused with a password that can be guessed, or a name that can't be sent", () => {
    expect(() => basicAccess({ ...options, password: "short" })).toThrow(/12 characters/);
    expect(() => basicAccess({ ...options, username: "a:b" })).toThrow(/without a colon/);
  });
});

describe("a proxy's identity headers", () => {
  const options: ProxyIdentityOptions = {
    trusted: ["10.1.0.0/16", "fd00::7"],
    userHeader: "X-Auth-Request-User",
    groupsHeader: "X-Auth-Request-Groups",
    groups: { ops: ["operate"], senders: ["enqueue"] },
  };
  const sent = { "x-auth-request-user": "ana", "x-auth-request-groups": "staff, ops,senders" };

  it("say who asks, and by the groups what may be done", async () => {
    const access = proxyIdentityAccess(options);
    expect(await access(aHead(sent))).toEqual({ name: "proxy user ana", scopes: ["operate", "enqueue"] });
    expect(await access(aHead(sent, "::ffff:10.1.2.3"))).toMatchObject({ name: "proxy user ana" });
    expect(await access(aHead(sent, "fd00::7"))).toMatchObject({ name: "proxy user ana" });
    expect(await access(aHead({ "x-auth-request-user": "bob" }))).toEqual({ name: "proxy user bob", scopes: [] });
    const authentik = proxyIdentityAccess({ ...options, separator: "|", scopes: ["read"] });
    const piped = { ...sent, "x-auth-request-groups": "staff|ops" };
    expect(await authentik(aHead(piped))).toEqual({ name: "proxy user ana", scopes: ["read", "operate"] });
  });

  it("are read as UTF-8, users and groups, and what is none as it came", async () => {
    const access = proxyIdentityAccess({ ...options, groups: { Betriebsführung: ["operate"] } });
    const wire = (text: string) => Buffer.from(text).toString("latin1");
    const utf8 = { "x-auth-request-user": wire("José 馬"), "x-auth-request-groups": wire("Betriebsführung") };
    expect(await access(aHead(utf8))).toEqual({ name: "proxy user José 馬", scopes: ["operate"] });
    const latin1 = { "x-auth-request-user": "José", "x-auth-request-groups": "Betriebsführung" };
    expect(await access(aHead(latin1))).toEqual({ name: "proxy user José", scopes: ["operate"] });
  });

  it("make no name that looks like a key's, or is longer than names may be", async () => {
    const access = proxyIdentityAccess(options);
    const asKey = await access(aHead({ "x-auth-request-user": "key boss (hk_AAAAAAAAAAAA)" }));
    expect(asKey?.name).toBe("proxy user key boss (hk_AAAAAAAAAAAA)");
    expect(await access(aHead({ "x-auth-request-user": "a".repeat(139) }))).toBeDefined();
    expect(() => access(aHead({ "x-auth-request-user": "a".repeat(140) }))).toThrow(/shorter user name/);
  });

  it("of anybody else are as if they were not there, whatever the headers say of the address", async () => {
    const access = proxyIdentityAccess(options);
    for (const peer of ["10.2.0.1", "127.0.0.1", "fd00::8", "", "10.1.2.3.evil"]) {
      const lying = { ...sent, "x-forwarded-for": "10.1.2.3", "x-real-ip": "10.1.2.3" };
      expect(await access({ ...aHead(lying, peer), address: "10.1.2.3" }), peer).toBeUndefined();
    }
    expect(await access({ ...aHead(sent), peerAddress: undefined })).toBeUndefined();
    const none = { "x-auth-request-user": " " };
    expect(await access(aHead(none))).toBeUndefined();
  });

  it("give nothing by a group that only looks like a name of an object", async () => {
    const access = proxyIdentityAccess(options);
    const odd = { ...sent, "x-auth-request-groups": "__proto__,constructor,toString" };
    expect(await access(aHead(odd))).toEqual({ name: "proxy user ana", scopes: [] });
  });

  it("are refused without trusted proxies, or with ranges that are none", () => {
    expect(() => proxyIdentityAccess({ ...options, trusted: [] })).toThrow(/addresses of the proxies/);
    expect(() => proxyIdentityAccess({ ...options, trusted: ["proxy.example"] })).toThrow(/"proxy.example"/);
  });
});
