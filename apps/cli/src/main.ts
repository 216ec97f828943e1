#!/usr/bin/env -S node --conditions=source
import { runCli } from "./cli.ts";
import { exitCodes } from "./exit-codes.ts";

let isWritten = true;
// The reader of our output may stop early. That is no failure, and the exit code keeps its meaning.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE" || !isWritten) return;
  isWritten = false;
  process.exitCode = exitCodes.notWritten;
  process.stderr.write(`hikyaku: the result could not be written: ${error.message}\n`);
});
// This can be reported nowhere any more.
process.stderr.on("error", () => undefined);

const exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
if (isWritten) process.exitCode = exitCode;
