#!/usr/bin/env -S node --conditions=source
import { runCli } from "./cli.ts";

// Whoever reads what we write may stop early: that is no failure, and the exit code keeps its meaning.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
