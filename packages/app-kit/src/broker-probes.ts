import type { Broker } from "hikyaku";
import { PROBE_TIMEOUT_MS, type ReadinessProbe } from "./readiness.ts";

type ServerRecord = Awaited<ReturnType<Broker["servers"]>>["servers"][number];

/** Whether the job queue's store answers. */
export function storeProbe(broker: Broker): ReadinessProbe {
  const name = "job queue store";
  return {
    name,
    required: true,
    async ask() {
      const { reachable, reason } = broker.reachability();
      if (!reachable && reason !== undefined) {
        return { name, status: "failing", detail: `${broker.location}: ${reason}` };
      }
      await broker.ready({ timeoutMs: PROBE_TIMEOUT_MS });
      await broker.queues({ timeoutMs: PROBE_TIMEOUT_MS });
      return { name, status: "ok", detail: broker.location };
    },
  };
}

/**
 * Who runs the jobs. No worker, or more than one, is no reason to turn requests away, so it is told as a warning: two
 * of them are often a forgotten one, which runs old code and prints where nobody looks.
 */
export function workersProbe(broker: Broker): ReadinessProbe {
  const name = "live workers";
  return {
    name,
    required: false,
    async ask() {
      const { servers } = await broker.servers({ timeoutMs: PROBE_TIMEOUT_MS });
      return { name, status: "ok", detail: describeWorkers(servers) };
    },
  };
}

function describeWorkers(servers: readonly ServerRecord[]): string {
  if (servers.length === 0)
    return "0; warning: no live worker, so jobs wait until one is started (npm run start:worker)";
  const who = servers.map(describeWorker).join("; ");
  if (servers.length === 1) return `1: ${who}`;
  return `${servers.length}; warning: more than one live worker, any of them may run the next job: ${who}`;
}

function describeWorker({ host, pid, startedAt, details }: ServerRecord): string {
  const started = new Date(startedAt).toISOString();
  if (details === undefined) return `${host} pid ${pid}, another library's server, started ${started}`;
  return `${host} pid ${pid}, in ${details.directory}, version ${details.version}, started ${started}`;
}
