import type { Broker } from "hikyaku";
import type { Logger } from "pino";

/**
 * Tells of the job queue's store whenever it is lost or back, and once at the start when it is not there. Returns when
 * the store has answered, or after `timeoutMs`; the process goes on either way. The returned function ends it: call it before the
 * broker is closed on purpose.
 */
export async function logReachability(broker: Broker, logger: Logger, timeoutMs = 1000): Promise<() => void> {
  const store = broker.location;
  let told = true;
  const end = broker.onReachability(({ reachable, reason }) => {
    if (reachable === told) return;
    told = reachable;
    if (reachable) logger.info({ store }, "the job queue's store answers");
    else logger.warn({ store, reason }, "the job queue's store does not answer: trying again until it does");
  });
  try {
    await broker.ready({ timeoutMs });
  } catch (error) {
    if (told) {
      told = false;
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ store, reason }, "the job queue's store does not answer: trying again until it does");
    }
  }
  return end;
}
