import type { Broker } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ApiKeys,
  accessBy,
  keyAccess,
  Operations,
  refuseStrangers,
  Sessions,
  sessionAccess,
  webHandler,
} from "../src/index.ts";

describe("a session", () => {
  let broker: Broker;
  let now: number;
  let keys: ApiKeys;
  let ask: (path: string, headers: Record<string, string>, method?: string) => Promise<Response>;
  beforeEach(() => {
    broker = sqliteBroker({ path: ":memory:" });
    now = Date.now();
    keys = new ApiKeys(broker, () => now);
    const sessions = new Sessions({ broker, now: () => now });
    const authorize = accessBy([keyAccess(keys), sessionAccess(sessions, keys)], refuseStrangers("Sign in."));
    const handle = webHandler(new Operations({ broker, authorize, keys, sessions }), { addressOf: () => "192.0.2.7" });
    ask = (path, headers, method = "GET") => handle(new Request(`https://queue.example${path}`, { method, headers }));
  });
  afterEach(() => broker.close());

  async function signIn(scope: "read" | "admin" = "admin", queues?: readonly string[]) {
    const { key, apiKey } = await keys.create({ name: "ana", scopes: [scope], queues, who: "test" });
    const answer = await ask("/session", { authorization: `Bearer ${key}` }, "POST");
    expect(answer.status).toBe(201);
    const set = answer.headers.get("set-cookie") ?? "";
    const { id } = (await answer.json()) as { readonly id: string };
    return { key, keyId: apiKey.id, set, id, cookie: { cookie: `theme=dark; ${set.split(";")[0]}` } };
  }

  it("permits what its credential did, by a cookie that no script and no other site gets", async () => {
    const { set, cookie, key } = await signIn("read", ["mail"]);
    expect(set).toMatch(
      /^hikyaku_session=hs_[A-Za-z0-9]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    const told = await (await ask("/session", cookie)).json();
    expect(told).toMatchObject({ who: expect.stringMatching(/^key ana /), scopes: ["read"], queues: ["mail"] });
    expect((await ask("/queues", cookie)).status).toBe(200);
    expect((await ask("/queues/other", cookie)).status).toBe(403);
    expect((await ask("/sessions", cookie)).status).toBe(403);
    const stored = JSON.stringify(await broker.listRecords({ collection: "sessions", limit: 9, order: "ascending" }));
    expect(stored).not.toContain(set.slice(16, 59));
    expect(stored).not.toContain(key);
  });

  it("changes nothing for a page of another site", async () => {
    const { cookie } = await signIn();
    const foreign = { ...cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await ask("/session", foreign, "DELETE")).status).toBe(403);
    expect((await ask("/session", cookie)).status).toBe(200);
  });

  it("ends when somebody signs out, and takes its cookie along", async () => {
    const { cookie } = await signIn();
    const out = await ask("/session", cookie, "DELETE");
    expect([out.status, out.headers.get("set-cookie")]).toEqual([200, expect.stringContaining("Max-Age=0")]);
    expect((await ask("/session", cookie)).status).toBe(401);
  });

  it("ends at its moment, whatever is done in it, and begins no other", async () => {
    const { cookie } = await signIn();
    expect((await ask("/session", cookie, "POST")).status).toBe(409);
    now += 12 * 3_600_000 - 1;
    expect((await ask("/session", cookie)).status).toBe(200);
    now += 1;
    expect((await ask("/session", cookie)).status).toBe(401);
  });

  it("is listed and ended by whoever may do everything, at once", async () => {
    const [first, other] = [await signIn(), await signIn("read")];
    const listed = await (await ask("/sessions", first.cookie)).json();
    expect(listed).toMatchObject({
      sessions: expect.arrayContaining([expect.objectContaining({ id: other.id, from: "192.0.2.7" })]),
    });
    expect((await ask(`/sessions/${other.id}?reason=lost%20laptop`, first.cookie, "DELETE")).status).toBe(200);
    expect((await ask("/session", other.cookie)).status).toBe(401);
    const audit = await (await ask("/audit?operation=revoke-session", first.cookie)).json();
    expect(audit).toMatchObject({ entries: [{ on: { id: other.id }, reason: "lost laptop" }] });
  });

  it("ends with the key that it was begun with", async () => {
    const { cookie, keyId } = await signIn();
    await keys.revoke(keyId);
    expect((await ask("/session", cookie)).status).toBe(401);
  });

  it("is none by a cookie that is wrong, comes twice, or is the id of a session", async () => {
    const { cookie, id } = await signIn();
    const value = cookie.cookie.split("hikyaku_session=")[1] ?? "";
    const wrong = `${value.slice(0, -1)}${value.endsWith("x") ? "y" : "x"}`;
    for (const sent of [wrong, id, "", `${value}; hikyaku_session=${value}`]) {
      expect((await ask("/session", { cookie: `hikyaku_session=${sent}` })).status, sent).toBe(401);
    }
  });
});
