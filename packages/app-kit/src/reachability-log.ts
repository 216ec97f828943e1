import { type Broker, errorText, tellOfStore } from "hikyaku";
import type { Logger } from "pino";
import { libraryLogger } from "./library-logger.ts";

/**
 * Logs whenever the job queue's store is lost or back, and once at the start when it is not there. Resolves when the
 * store has answered, or after `timeoutMs`; the process goes on either way. The returned function ends the log: call it
 * before the broker is closed on purpose.
 */
export async function logReachability(broker: Broker, logger: Logger, timeoutMs = 1000): Promise<() => void> {
  const news = tellOfStore(broker, libraryLogger(logger));
  try {
    await broker.ready({ timeoutMs });
  } catch (error) {
    news.lost(errorText(error));
  }
  return news.end;
}
