import { runUntilSignal } from "@hikyaku/app-kit";
import { visibleText } from "hikyaku";
import { ArgumentsError, variablesOfArguments } from "./arguments.ts";
import { runWorker } from "./run-worker.ts";
import { superviseWorkers } from "./supervisor.ts";

const usageExitCode = 64;

try {
  Object.assign(process.env, variablesOfArguments(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof ArgumentsError)) throw error;
  process.stderr.write(`${visibleText(error.message)}\n`);
  process.exit(usageExitCode);
}
await runUntilSignal((context) =>
  context.config.jobqueue.processes === 1 ? runWorker(context) : superviseWorkers(context),
);
