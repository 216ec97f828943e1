import type { FastifyBaseLogger } from "fastify";
import type { Logger as LibraryLogger, LogLevel } from "hikyaku";

/** The logger in the shape that the library wants: message first, then the fields. */
export function libraryLogger(logger: Pick<FastifyBaseLogger, LogLevel>): LibraryLogger {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}
