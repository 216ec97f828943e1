import type { Logger as LibraryLogger } from "hikyaku";
import type { Logger } from "pino";

/** The logger in the shape that the library wants: message first, then the fields. */
export function libraryLogger(logger: Logger): LibraryLogger {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}
