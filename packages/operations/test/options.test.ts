import { type Broker, HikyakuError, type Logger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nodeHandler, Operations, type OperationsParts, webHandler } from "../src/index.ts";
import { byToken } from "./test-operations.ts";

let broker: Broker;
beforeEach(() => {
  broker = sqliteBroker({ path: ":memory:" });
});
afterEach(() => broker.close());

const operationsOf = (parts: Partial<OperationsParts> = {}) => new Operations({ broker, authorize: byToken, ...parts });

describe("an option that nobody reads", () => {
  it.each<[name: string, make: () => unknown]>([
    ["routs", () => operationsOf({ routs: [] } as object)],
    ["mostPerCallers", () => operationsOf({ streams: { mostPerCallers: 1 } as object })],
    ["prefx", () => nodeHandler(operationsOf(), { prefx: "/queue" } as object)],
    ["adressOf", () => webHandler(operationsOf(), { adressOf: () => "::1" } as object)],
  ])("is refused, with the name that was meant: %s", (name, make) => {
    expect(make).toThrow(HikyakuError);
    expect(make).toThrow(new RegExp(`unknown option "${name}"; did you mean `));
  });
});

describe("a logger that fails", () => {
  const fail = (): never => {
    throw new Error("the logger is broken");
  };
  const rejected = (): never => Promise.reject(new Error("the logger is broken")) as never;

  it.each<[how: string, log: () => never]>([
    ["throws", fail],
    ["rejects", rejected],
  ])("keeps nobody from an answer, and its lines go to standard error: it %s", async (_, log) => {
    const logger: Logger = { debug: log, info: log, warn: log, error: log };
    const authorize = () => Promise.reject(new Error("secret of the server"));
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      const answer = await webHandler(operationsOf({ authorize, logger }))(new Request("http://a.test/queues"));
      expect(answer.status).toBe(500);
      expect(await answer.json()).toMatchObject({ code: "internal_error" });
      await vi.waitFor(() => expect(String(written.mock.calls)).toContain("the logger is broken"));
    } finally {
      written.mockRestore();
    }
  });
});
