import { type Broker, codeOf, placeOf, type ServerRecord, type ServerWarning, serverWarnings } from "hikyaku";
import { PROBE_TIMEOUT_MS, type ReadinessProbe } from "./readiness.ts";

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
 * of them are often a forgotten one, which runs old code and prints where nobody looks. What is wrong with one of them is
 * said in full.
 */
export function workersProbe(broker: Broker): ReadinessProbe {
  const name = "live workers";
  return {
    name,
    required: false,
    async ask() {
      const call = { timeoutMs: PROBE_TIMEOUT_MS };
      const [{ servers }, silent] = await Promise.all([broker.servers(call), broker.silentServers(call)]);
      return { name, status: "ok", detail: describeWorkers(servers, serverWarnings(servers, silent)) };
    },
  };
}

/** A busy fleet would make the line endless. */
const mostNamed = 20;

function describeWorkers(servers: readonly ServerRecord[], warnings: readonly ServerWarning[]): string {
  const toLookAt = listed(
    warnings.map(({ kind, detail }) => `; look at (${kind}): ${detail}`),
    "",
  );
  if (servers.length === 0) {
    return `0; warning: no live worker, so jobs wait until one is started (npm run start:worker)${toLookAt}`;
  }
  const who = listed(
    servers.map((server) => `${placeOf(server)}, ${codeOf(server)}`),
    "; ",
  );
  if (servers.length === 1) return `1: ${who}${toLookAt}`;
  return `${servers.length}; warning: more than one live worker, any of them may run the next job: ${who}${toLookAt}`;
}

function listed(texts: readonly string[], separator: string): string {
  const more = texts.length - mostNamed;
  return texts.slice(0, mostNamed).join(separator) + (more > 0 ? `; and ${more} more` : "");
}
