import { momentText, type storeEndpoints } from "@hikyaku/contract";
import { checkStore } from "hikyaku";
import { presentTreatedFinding } from "../presenters/finding.ts";
import type { HandlersOf } from "../route.ts";

export const storeHandlers = {
  getStore: async ({ broker, signal }) => {
    const asked = Date.now();
    const [facts, queues, storeTime] = await Promise.all([
      broker.facts({ signal }),
      broker.queues({ signal }),
      broker.storeTime({ signal }),
    ]);
    const { written, failing } = broker.writeHealth();
    return {
      status: 200,
      body: {
        kind: facts.kind,
        location: broker.location,
        parts: facts.parts.map(({ location, version, bytes, bytesLimit }) => ({
          location,
          version: version ?? null,
          bytes: bytes ?? null,
          bytes_limit: bytesLimit ?? null,
        })),
        queues: queues.length,
        clock_offset_ms: storeTime === undefined ? null : (asked + Date.now()) / 2 - storeTime,
        written,
        failing_writes: failing.map(({ kind, since, latest, calls, reason }) => ({
          kind,
          since: momentText(since),
          latest: momentText(latest),
          calls,
          reason,
        })),
      },
    };
  },
  checkStore: async ({ broker, signal }, { body: { queues, repair = false } }) => {
    const scope = "tasks";
    const found = await checkStore(broker, { scope, repair, signal, ...(queues !== undefined && { queues }) });
    return { status: 200, body: { findings: found.map(presentTreatedFinding) } };
  },
} satisfies HandlersOf<typeof storeEndpoints>;
