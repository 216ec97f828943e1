import { DEFAULT_WAIT_SECONDS, type serverEndpoints } from "@hikyaku/contract";
import type { OperationsContext } from "../context.ts";
import { presentEviction, presentOrder, presentServer } from "../presenters/server.ts";
import type { HandlersOf } from "../route.ts";

interface Wishes {
  readonly reason?: string | undefined;
  readonly wait_seconds?: number | undefined;
}

export const serverHandlers = {
  listServers: async ({ inspector, signal }) => ({
    status: 200,
    body: { servers: (await inspector.servers({ signal })).map(presentServer) },
  }),
  quietServer: async (context, { params, body }) => {
    const report = await context.inspector.quietServer(params.id, wishes(context, body));
    return { status: report.acknowledged ? 200 : 202, body: presentOrder(report) };
  },
  stopServer: async (context, { params, body }) => {
    const { timeout_seconds: timeout } = body;
    const report = await context.inspector.stopServer(params.id, {
      ...wishes(context, body),
      ...(timeout !== undefined && { timeout: { ms: timeout * 1_000 } }),
    });
    return { status: report.acknowledged ? 200 : 202, body: presentOrder(report) };
  },
  evictServer: async (context, { params, body }) => {
    const { force = false } = body;
    const report = await context.inspector.evictServer(params.id, { ...wishes(context, body), force });
    return { status: 200, body: presentEviction(report) };
  },
} satisfies HandlersOf<typeof serverEndpoints>;

function wishes({ who }: OperationsContext, { reason, wait_seconds: wait = DEFAULT_WAIT_SECONDS }: Wishes) {
  return { who, wait: { ms: wait * 1_000 }, ...(reason !== undefined && { reason }) };
}
