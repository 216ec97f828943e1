import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeHandler, Operations, tokenAccess } from "@hikyaku/operations";
import { type Broker, silentLogger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runCli } from "./cli.ts";

const key = "a-token-of-the-test-0123456789";

describe("the queues of an operations API, on the command line", () => {
  let broker: Broker;
  let server: Server;
  let url: string;
  beforeEach(async () => {
    broker = sqliteBroker({ path: ":memory:" });
    await broker.pause("mail");
    const operations = new Operations({ broker, authorize: tokenAccess(key), logger: silentLogger });
    server = createServer(nodeHandler(operations, { prefix: "/api/v1" }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await broker.close();
  });

  async function run(...args: string[]) {
    const told = { out: "", err: "" };
    const code = await runCli(["queues", ...args], {
      out: (text) => {
        told.out += text;
      },
      err: (text) => {
        told.err += text;
      },
    });
    return { ...told, code };
  }

  it("are listed as those of a store are", async () => {
    vi.stubEnv("HIKYAKU_API_KEY", key);
    const { code, out } = await run("--url", url);
    expect([code, out]).toEqual([0, expect.stringMatching(/mail .*paused/)]);
    const { out: json } = await run("--url", url, "--json");
    expect(JSON.parse(json)).toMatchObject({ store: url, queues: [{ queue: "mail", paused: true }] });
  });

  it("are refused without a key, for a wrong address, and where nobody answers", async () => {
    vi.stubEnv("HIKYAKU_API_KEY", undefined);
    expect(await run("--url", url)).toMatchObject({ code: 70, err: expect.stringContaining("need a token") });
    expect(await run("--url", "nowhere")).toMatchObject({ code: 64, err: expect.stringContaining("--url: expected") });
    expect(await run("--url", "http://127.0.0.1:1/api/v1")).toMatchObject({ code: 69 });
  });
});
