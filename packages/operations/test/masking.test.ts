import { type Broker, Client, defineTask, Schedules } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Masking, Operations, webHandler } from "../src/index.ts";

const secret = "4111-secret";
const pay = defineTask({ type: "pay" });
const refund = defineTask({ type: "refund", headers: { number: secret } });
const payload = { to: "ana", card: { Number: secret, kinds: [{ number: [secret] }] } };

describe("what is hidden of tasks", () => {
  let broker: Broker;
  let id: string;
  beforeEach(async () => {
    broker = sqliteBroker({ path: ":memory:" });
    const client = new Client({ broker });
    ({ id } = await client.enqueue(pay, payload, { headers: { number: secret, trace: "t1" } }));
    await client.enqueue(pay, new TextEncoder().encode(`plain ${secret}`), { taskId: "plain" });
    const request = pay.with(payload, { headers: { number: `${secret} (1)` } });
    const { options } = await new Schedules({ broker }).add("nightly", "@daily", request);
    const entry = { entryId: "e", spec: "@daily", taskType: "pay", payload: undefined, options };
    await broker.announceEntries("s", [{ ...entry, nextAt: 1, previousAt: undefined }], 60_000);
  });
  afterEach(() => broker.close());

  /** The text of an answer to somebody with this scope. */
  async function ask(masking: Masking, scope: "read" | "operate" | "admin", path: string): Promise<string> {
    const handle = webHandler(
      new Operations({ broker, masking, types: [refund], authorize: () => ({ scopes: [scope] }) }),
    );
    return (await handle(new Request(`http://queue.example${path}`))).text();
  }

  const everywhere = () => [
    `/tasks/default/${id}`,
    "/tasks?view=full",
    "/tasks/default/plain",
    "/schedules",
    "/schedules/nightly",
    "/scheduler-entries",
    "/types",
  ];
  const inAnyForm = (text: string) => {
    const bases = [...text.matchAll(/"((?:[A-Za-z0-9+/]{4}){3,}[A-Za-z0-9+/=]*)"/g)];
    return text + bases.map(([, base64 = ""]) => Buffer.from(base64, "base64").toString()).join("\n");
  };

  it("is nothing by default", async () => {
    for (const path of everywhere()) expect(inAnyForm(await ask({}, "read", path)), path).toContain(secret);
  });

  it("are the values of named keys at any depth, in whatever form, from everybody but admin", async () => {
    const masking = { keys: ["NUMBER"] };
    for (const scope of ["read", "operate"] as const) {
      for (const path of everywhere()) expect(inAnyForm(await ask(masking, scope, path)), path).not.toContain(secret);
    }
    const task = JSON.parse(await ask(masking, "read", `/tasks/default/${id}`));
    const value = { to: "ana", card: { Number: "***", kinds: [{ number: "***" }] } };
    expect(task).toMatchObject({ payload: { kind: "json", value }, headers: { number: "***", trace: "t1" } });
    expect(JSON.parse(await ask(masking, "read", "/tasks/default/plain"))).toMatchObject({
      payload: { kind: "hidden", bytes: "" },
    });
    const shown = ['Header(["number","***"])'];
    expect(JSON.parse(await ask(masking, "read", "/schedules/nightly")).options).toEqual(expect.arrayContaining(shown));
    for (const path of everywhere()) expect(inAnyForm(await ask(masking, "admin", path)), path).toContain(secret);
  });

  it("are whole parts, by scope", async () => {
    const masking = { hidden: { read: ["payloads", "headers"] } } as const;
    for (const path of everywhere()) {
      expect(inAnyForm(await ask(masking, "read", path)), path).not.toContain(secret);
      expect(inAnyForm(await ask(masking, "operate", path)), path).toContain(secret);
    }
    const task = JSON.parse(await ask(masking, "read", `/tasks/default/${id}`));
    expect(task).toMatchObject({ payload: { kind: "hidden", value: null }, headers: { trace: "***" }, type: "pay" });
  });

  it("can't be found out by searching in it", async () => {
    const asked = ["payload=4111", "payload_path=card.Number&payload_value=4111-secret", "payload_base64=NDExMQ=="];
    for (const masking of [{ keys: ["number"] }, { hidden: { read: ["payloads"] } } as const]) {
      for (const query of asked) expect(await ask(masking, "read", `/tasks?${query}`)).toContain('"code":"forbidden"');
    }
    expect(await ask({ hidden: { read: ["logs"] } }, "read", "/tasks?payload=4111")).toContain(`"id":"${id}"`);
  });

  it("is a part that there is, or operations do not start", () => {
    const masking = { hidden: { read: ["payload" as "payloads"] } };
    expect(() => new Operations({ broker, masking, authorize: () => ({ scopes: [] }) })).toThrow(/payloads, results/);
  });
});
