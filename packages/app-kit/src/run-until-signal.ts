import { CONFIG_EXIT_CODE, type Config, ConfigError, describeConfig, loadConfig } from "@hikyaku/config";
import { visibleLines } from "hikyaku";
import type { Logger } from "pino";
import { ListenError } from "./listening.ts";
import { makeLogger } from "./logger.ts";

/** The parts of a running process. */
export interface Running {
  /** Stops all parts in their order. */
  stop(): Promise<void>;
  /** Makes a stop that is under way end at once. Puts in order what it still can. */
  hurry?(): void;
  /** The longest that `stop` may take before the process ends without it. */
  readonly stopTimeoutMs: number;
  /** Resolves when the process should end without a signal. It is then stopped as after a signal. */
  readonly ended?: Promise<RunEnd>;
}

/** Why a process ends without a signal, and its exit code then. */
export interface RunEnd {
  readonly why: string;
  readonly exitCode: 0 | 1;
}

export type Start = (context: { readonly config: Config; readonly logger: Logger }) => Promise<Running>;

/** `npm` and the terminal both pass Ctrl-C on, so one press arrives twice. That is not yet a second wish. */
const SAME_PRESS_MS = 500;

/** How long a hurried stop has to hand tasks back. */
const HURRIED_STOP_MS = 1000;

/**
 * The life of a process: read the settings, start, run until SIGINT or SIGTERM or until its work has ended, stop, end.
 * Exit codes: 0 stopped as asked; 1 could not start, failed, or was hurried by a second signal; 78 the settings can't
 * be used.
 */
export async function runUntilSignal(start: Start): Promise<void> {
  const config = configOrExit();
  const logger = makeLogger(config.logging);
  const die = (err: unknown): never => {
    logger.fatal({ err }, "unexpected error: the process ends");
    process.exit(1);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);

  logger.debug({ settings: describeConfig(config) }, "the settings in use, secrets masked");
  const { first, again } = stopSignals();
  const running = await start({ config, logger }).catch((err: unknown) => {
    if (err instanceof ListenError) logger.fatal(err.message);
    else logger.fatal({ err }, "could not start");
    process.exit(1);
  });
  const cause = await Promise.race([first, ...(running.ended === undefined ? [] : [running.ended])]);
  if (typeof cause === "string") logger.info({ signal: cause }, "stopping; once more to end at once");
  else logger.warn({ why: cause.why }, "stopping: what this process is for has ended");
  const timer = setTimeout(() => {
    logger.error({ timeoutMs: running.stopTimeoutMs }, "stopping took too long: the process ends unfinished");
    process.exit(1);
  }, running.stopTimeoutMs);
  let isHurried = false;
  void again.then(() => {
    isHurried = true;
    logger.warn("asked again: unfinished tasks are handed back, and the process ends");
    setTimeout(() => {
      logger.error("handing back took too long: what is left runs again when its lease ends");
      process.exit(1);
    }, HURRIED_STOP_MS);
    running.hurry?.();
  });
  await running.stop();
  clearTimeout(timer);
  logger.info("stopped");
  if (isHurried) process.exit(1);
  process.exit(typeof cause === "string" ? 0 : cause.exitCode);
}

function configOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${visibleLines(error.message)}\n`);
    process.exit(CONFIG_EXIT_CODE);
  }
}

/** `again` resolves at a second signal, which may never come. */
function stopSignals(): { readonly first: Promise<NodeJS.Signals>; readonly again: Promise<void> } {
  const first = Promise.withResolvers<NodeJS.Signals>();
  const again = Promise.withResolvers<void>();
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    firstAt ??= now;
    first.resolve(signal);
    if (now - firstAt > SAME_PRESS_MS) again.resolve();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return { first: first.promise, again: again.promise };
}
