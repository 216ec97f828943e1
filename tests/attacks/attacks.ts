import { startPlainProxy } from "./plain-proxy.ts";
import type { Attack, AttackContext, Size } from "./run-attack.ts";

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const bundle = "/docs/static/swagger-ui-bundle.js";
const post = "POST /api/dm-jobqueue/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const json = { "content-type": "application/json" };

/** How long it is kept up. The long one outlasts every limit of time but that for a whole answer. */
const forMs: Readonly<Record<Size, number>> = { short: 1_500, long: 40_000 };
/** Fewer than one address may have. */
const connections = 50;
/** More than the usual limit of open files. */
const moreThanDescriptors = 1_200;

/** The attacks that were found to hurt, or that would be the next to try. Each is bounded in number and time. */
export const attacks: readonly Attack[] = [
  {
    name: "16 connections ask 1,300 times ahead and never read",
    on: "api",
    needsAddress: true,
    run: async ({ attacker, size, pass }) => {
      await attacker.openMany(16, get(bundle).repeat(1_300));
      await pass(forMs[size]);
    },
  },
  {
    name: "the same again and again",
    on: "api",
    needsAddress: true,
    run: async ({ attacker, size, pass }) => {
      for (let time = 0; time < (size === "short" ? 5 : 100); time++) {
        await attacker.openMany(16, get(bundle).repeat(1_300));
        await pass(100);
      }
    },
  },
  {
    name: "many connections ask once and never read",
    on: "api",
    run: async (context) => {
      await context.attacker.openMany(connections, get(bundle));
      await context.pass(forMs[context.size]);
      mustBeCutWhenLong(context);
    },
  },
  {
    name: "more connections than one address may have say nothing",
    on: "api",
    needsAddress: true,
    run: async ({ attacker, size, pass }) => {
      await attacker.openMany(moreThanDescriptors);
      await pass(forMs[size]);
    },
  },
  {
    name: "many bodies come byte by byte",
    on: "api",
    run: async (context) => {
      const sockets = await context.attacker.openMany(connections, `${post}Content-Length: 60000\r\n\r\n{`);
      await trickle(context, () => {
        for (const socket of sockets) if (socket.writable) socket.write(" ");
      });
      mustBeCutWhenLong(context);
    },
  },
  {
    name: "many headers come byte by byte",
    on: "api",
    run: async (context) => {
      const sockets = await context.attacker.openMany(connections, "GET / HTTP/1.1\r\nX-Slow: ");
      await trickle(context, () => {
        for (const socket of sockets) if (socket.writable) socket.write("a");
      });
      mustBeCutWhenLong(context);
    },
  },
  {
    name: "headers of 15 KiB wait for their end on each connection, larger ones are refused",
    on: "api",
    run: async ({ attacker, size, fault, pass }) => {
      await attacker.openMany(connections, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: ${"a".repeat(15_000)}`);
      await pass(forMs[size]);
      attacker.end();
      for (const bytes of [
        get("/", `X-Big: ${"a".repeat(20_000)}\r\n`),
        get("/", Array.from({ length: 2_000 }, (_, index) => `X-${index}: ${"a".repeat(20)}\r\n`).join("")),
        get(`/${"a".repeat(20_000)}`),
      ]) {
        const answer = await attacker.exchange(bytes);
        if (!/^HTTP\/1.1 431 /.test(answer)) fault(`expected 431 for large headers, got ${answer.slice(0, 60)}`);
        if (!answer.includes('"code":"headers_too_large"')) fault("expected the code headers_too_large");
      }
    },
  },
  {
    name: "bodies that are too large, too deep, or no JSON",
    on: "api",
    run: async ({ target, fault }) => {
      const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
      for (const [body, expected] of [
        [JSON.stringify({ message: "x".repeat(200_000) }), 413],
        [deep, 422],
        [`{"message":${deep}}`, 422],
        [`{"__proto__":{"message":"x"}}`, 422],
        [`{"message":"\\ud800"}`, 422],
        ["{".repeat(60_000), 400],
        [" ".repeat(60_000), 400],
      ] as const) {
        const { status } = await target.ask("/api/dm-jobqueue/register", { method: "POST", headers: json, body });
        if (status !== expected) fault(`expected ${expected} for ${body.slice(0, 20)}…, got ${status}`);
      }
    },
  },
  ...(
    [
      ["say nothing", 7, 60, ""],
      ["never end their headers", 7, 60, "GET / HTTP/1.1\r\nX-Slow: a"],
      ["never end their bodies", 7, 60, `${post}Content-Length: 60000\r\n\r\n{`],
      ["never read", 50, 8, get(bundle)],
    ] as const
  ).map(
    ([what, addresses, each, bytes]): Attack => ({
      name: `${addresses} addresses take all connections and ${what}, again and again`,
      on: "api",
      needsAddress: true,
      run: (context) => takeAll(context, addresses, each, bytes),
    }),
  ),
  {
    name: "two addresses take all connections of the worker and say nothing, again and again",
    on: "worker",
    needsAddress: true,
    run: (context) => takeAll(context, 2, 50, ""),
  },
  { name: "ids that are none", on: "api", run: hostileIds },
  {
    name: "requests that a proxy, a page of another site or another machine's name sends",
    on: "api",
    run: async ({ target, attacker, fault }) => {
      const host = `localhost:${target.port}`;
      for (const [name, value] of [
        ...["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "via", "cf-connecting-ip"].map(
          (header) => [header, "192.0.2.7"] as const,
        ),
        ...["true-client-ip", "x-client-ip"].map((header) => [header, "192.0.2.7"] as const),
        ["origin", "https://evil.example"],
        ["origin", "null"],
        ["sec-fetch-site", "cross-site"],
        ["host", "evil.example"],
      ] as const) {
        const { status } = await target.ask("/api/v1/servers", { headers: { host, [name]: value } });
        if (status !== 403 && status !== 421) fault(`expected 403 or 421 with ${name}: ${value}, got ${status}`);
      }
      const { status } = await target.ask("/api/v1/servers", { headers: { host } });
      if (status !== 200) fault(`expected 200 for this machine itself, got ${status}`);
      const old = await attacker.exchange(`GET /api/v1/servers HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
      if (!/^HTTP\/1\.\d 403 /.test(old))
        fault(`expected 403 in HTTP/1.0, which plain proxies speak, got ${old.slice(0, 40)}`);
      for (const path of ["/api/v1/servers", "/api/dm-jobqueue/jobs/x"]) {
        const absolute = await attacker.exchange(get(`http://evil.example${path}`, "Connection: close\r\n"));
        if (!/^HTTP\/1\.1 (403|421) /.test(absolute))
          fault(`expected 403 or 421 for a target of another name, got ${absolute.slice(0, 40)}`);
      }
      const rebound = { method: "POST", headers: { ...json, host: "evil.example" }, body: "{}" };
      const registered = await target.ask("/api/dm-jobqueue/register", rebound);
      if (registered.status !== 421) fault(`expected 421 for a rebound name, got ${registered.status}`);
    },
  },
  {
    name: "16 connections ask the worker 1,300 times ahead and never read",
    on: "worker",
    needsAddress: true,
    run: async ({ attacker, size, pass }) => {
      await attacker.openMany(16, get("/readyz").repeat(1_300));
      await pass(forMs[size]);
    },
  },
  {
    name: "more connections than one address may have say nothing to the worker",
    on: "worker",
    needsAddress: true,
    run: async ({ attacker, size, pass }) => {
      await attacker.openMany(moreThanDescriptors);
      await pass(forMs[size]);
    },
  },
  {
    name: "visitors of a plain reverse proxy on the same machine",
    on: "staging",
    run: async ({ target, fault }) => {
      const proxy = await startPlainProxy(target.port);
      const visit = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${proxy.port}${path}`, init);
      try {
        const orders = { method: "POST", headers: json, body: "{}" };
        for (const answer of [await visit("/api/v1/servers"), await visit("/api/v1/servers/x/stop", orders)]) {
          if (answer.status !== 401) fault(`expected 401 without a credential, got ${answer.status}`);
          const text = await answer.text();
          if (!text.includes("HIKYAKU__API__OPERATIONS__TOKEN")) fault("the answer does not say what to set");
        }
        const details = await (await visit("/readyz")).text();
        if (details.includes(".db")) fault("/readyz tells where the store is");
        const registered = await visit("/api/dm-jobqueue/register", orders);
        if (registered.status !== 201) fault(`expected 201 for a job, got ${registered.status}`);
      } finally {
        proxy.stop();
      }
    },
  },
  {
    name: "what answers +OK to everything, in place of Redis",
    on: "impostor",
    run: async ({ target, fault }) => {
      for (let time = 0; time < 3; time++) {
        const job = { method: "POST", headers: json, body: "{}" };
        const { status, body, ms } = await target.ask("/api/dm-jobqueue/register", job);
        if (status !== 503 || !body.includes('"broker_unavailable"'))
          fault(`a job was answered with ${status} ${body}`);
        if (ms > 1_000) fault(`the answer took ${Math.round(ms)} ms`);
      }
      const { status } = await target.ask("/readyz");
      if (status !== 503) fault(`expected 503 from /readyz, got ${status}`);
    },
  },
];

async function hostileIds({ target, fault }: AttackContext): Promise<void> {
  const ids = [
    "..",
    "%2e%2e%2f",
    "%00",
    "%0a",
    "%ff",
    "%F0%9F%8F%83",
    "__proto__",
    "constructor",
    "*",
    "a%2fb",
    "'--",
    "$ne",
    "x".repeat(99),
    "x".repeat(101),
    "x".repeat(201),
    "x".repeat(8_000),
    "%41".repeat(150),
    "%u0041",
    "%",
    "{}",
  ];
  for (const id of ids) {
    for (const [method, path] of [
      ["POST", `/api/v1/servers/${id}/quiet`],
      ["POST", `/api/v1/servers/${id}/evict`],
      ["GET", `/api/dm-jobqueue/jobs/${id}`],
      ["GET", `/api/v1/${id}`],
    ] as const) {
      const body = method === "POST" ? JSON.stringify({ wait_seconds: 0 }) : undefined;
      const answer = await target.ask(path, { method, headers: json, ...(body !== undefined && { body }) });
      const shown = `${method} ${path.slice(0, 60)}`;
      const known = [200, 202, 400, 404, 405, 409, 422];
      if (!known.includes(answer.status)) fault(`${shown}: got ${answer.status}`);
      if (answer.status >= 400 && !/"code":"[a-z_]+"/.test(answer.body)) fault(`${shown}: an error without a code`);
    }
  }
}

async function takeAll({ attacker, size, pass }: AttackContext, addresses: number, each: number, bytes: string) {
  for (let time = 0; time < (size === "short" ? 2 : 40); time++) {
    await attacker.openFromMany(addresses, each, bytes);
    await pass(500);
  }
}

async function trickle({ size, pass }: AttackContext, send: () => void): Promise<void> {
  const rounds = forMs[size] / 200;
  for (let round = 0; round < rounds; round++) {
    send();
    await pass(200);
  }
}

/** The target lets go of its own accord, while the attacker still holds on. */
function mustBeCutWhenLong({ target, size, fault }: AttackContext): void {
  const { descriptors = 0 } = target.figures();
  if (size === "long" && descriptors > mostHeld) fault(`${descriptors} descriptors are open after ${forMs.long} ms`);
}

/** What the target has open without any attack, and something more. */
const mostHeld = 80;
