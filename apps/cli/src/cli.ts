import { CONFIG_EXIT_CODE, ConfigError } from "@hikyaku/config";
import { CallError } from "@hikyaku/http-client";
import { Command, CommanderError } from "commander";
import { isHikyakuError, isStoreAway } from "hikyaku";
import { addDoctor } from "./commands/doctor.ts";
import { addKeys } from "./commands/keys.ts";
import { addQueues } from "./commands/queues.ts";
import { addServers } from "./commands/servers.ts";
import { addTask } from "./commands/task.ts";
import { exitCodes } from "./exit-codes.ts";
import { StoreMissingError } from "./open-store.ts";
import { type Streams, visibleStreams } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** Runs one command line and returns the exit code: see `exit-codes.ts`. */
export async function runCli(args: readonly string[], terminal: Streams): Promise<number> {
  const streams = visibleStreams(terminal, args);
  let exitCode: number = exitCodes.ok;
  const context = {
    streams,
    exitWith: (code: number): void => {
      exitCode = code;
    },
  };
  const program = new Command("hikyaku")
    .description("Looks after the job queue that the settings of APP_ENV name.")
    .exitOverride()
    .configureOutput({ writeOut: streams.out, writeErr: streams.err });
  addDoctor(program, context);
  addServers(program, context);
  addQueues(program, context);
  addTask(program, context);
  addKeys(program, context);
  for (const command of program.commands) inherit(command, program);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, streams);
  }
}

function inherit(command: Command, program: Command): void {
  command.exitOverride().copyInheritedSettings(program);
  for (const inner of command.commands) inherit(inner, program);
}

function exitCodeOf(error: unknown, { err }: Streams): number {
  // Commander has already written the message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UsageError) {
    err(`hikyaku: ${error.message}\n`);
    return exitCodes.usage;
  }
  if (error instanceof ConfigError) {
    err(`${error.message}\n`);
    return CONFIG_EXIT_CODE;
  }
  if (error instanceof CallError) {
    err(`hikyaku: ${error.message}\n`);
    return error.status === undefined || error.status === 503 ? exitCodes.storeUnavailable : exitCodes.failed;
  }
  const isAway = isStoreAway(error) || error instanceof StoreMissingError;
  if (!isAway && !isHikyakuError(error)) throw error;
  err(`hikyaku: ${error.message}\n`);
  return isAway ? exitCodes.storeUnavailable : exitCodes.failed;
}
