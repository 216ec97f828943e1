import fastify, { type FastifyInstance } from "fastify";
import { type ErrorCode, HikyakuError } from "hikyaku";
import { pino } from "pino";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { sendError } from "./error-response.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** An API whose store fails each call with the code that the path names, and the lines of its log. */
function anApi(): {
  readonly app: Pick<FastifyInstance, "inject" | "listen" | "close">;
  readonly lines: () => Record<string, unknown>[];
} {
  const written: string[] = [];
  const app = fastify({
    loggerInstance: pino({ base: null }, { write: (line: string) => void written.push(line) }),
    disableRequestLogging: true,
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.get<{ Params: { code: ErrorCode } }>("/:code", async ({ params }) => {
    throw new HikyakuError(params.code, "no room left");
  });
  onTestFinished(() => app.close());
  return { app, lines: () => written.map((line) => JSON.parse(line)) };
}

async function ask(app: Pick<FastifyInstance, "inject">, code: ErrorCode, times: number): Promise<void> {
  for (let count = 0; count < times; count++) expect((await app.inject(`/${code}`)).statusCode).toBe(503);
}

describe("requests that are refused because the store can't be used", () => {
  it.each([
    ["store_rejected", 40],
    ["answer_lost", 40],
    ["broker_unavailable", 30],
  ] as const)("are told of one by one while they are few, and counted while they are many: %s", async (code, level) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { app, lines } = anApi();
    await ask(app, code, 120);
    expect(lines()).toHaveLength(20);
    expect(lines()[0]).toMatchObject({ level, code, reason: "no room left", reqId: expect.any(String) });
    vi.advanceTimersByTime(10_000);
    expect(lines().slice(20)).toMatchObject([
      { level, code, leftOut: 100, msg: expect.stringContaining("100 times more") },
    ]);
    await ask(app, code, 1);
    vi.advanceTimersByTime(10_000);
    expect(lines()).toHaveLength(22);
  });

  it("are counted by their codes, and told of at the end of the server", async () => {
    const { app, lines } = anApi();
    await app.listen({ host: "127.0.0.1", port: 0 });
    await ask(app, "store_rejected", 25);
    await ask(app, "answer_lost", 22);
    await app.close();
    expect(lines().filter(({ leftOut }) => leftOut !== undefined)).toMatchObject([
      { code: "store_rejected", leftOut: 5 },
      { code: "answer_lost", leftOut: 2 },
    ]);
  });
});
