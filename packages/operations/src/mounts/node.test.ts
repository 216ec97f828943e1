import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, silentLogger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Authorize } from "../access/request-head.ts";
import { Operations } from "../operations.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import { nodeHandler } from "./node.ts";
import { webHandler } from "./web.ts";

describe("the handler for plain Node", () => {
  let folder: string;
  let broker: Broker;
  const ends: (() => Promise<unknown>)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hikyaku-node-"));
    broker = sqliteBroker({ path: join(folder, "hikyaku.db") });
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function serving(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const operationsOf = (authorize: Authorize) => new Operations({ broker, authorize, logger: silentLogger });

  it("leaves a request alone that somebody else has answered meanwhile", async () => {
    const handle = nodeHandler(operationsOf(() => ({ scopes: ["read"] })));
    const origin = await serving((request, response) => {
      handle(request, response);
      response.writeHead(504).end("too late");
    });
    expect(await (await fetch(`${origin}/servers`)).text()).toBe("too late");
    expect((await fetch(`${origin}/servers`)).status).toBe(504);
  });

  it("hangs up where it is given a header that is none, and serves the next", async () => {
    let value = "a\nb";
    const handle = nodeHandler(
      operationsOf(() => {
        throw new RequestProblem("unauthenticated", "No.", { headers: { "WWW-Authenticate": value } });
      }),
    );
    const origin = await serving(handle);
    await expect(fetch(`${origin}/servers`)).rejects.toThrow("fetch failed");
    value = "Basic";
    expect((await fetch(`${origin}/servers`)).status).toBe(401);
  });

  it("is not made for a prefix that is no path", () => {
    const operations = operationsOf(() => ({ scopes: ["read"] }));
    for (const prefix of ["queue", "/queue/", "/", "/a b", "/a?b"]) {
      expect(() => nodeHandler(operations, { prefix })).toThrow(/prefix: expected an empty text or a path/);
      expect(() => webHandler(operations, { prefix })).toThrow(/prefix: expected/);
    }
  });
});
