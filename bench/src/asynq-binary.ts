import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds the Go side with the real Asynq; undefined, with a word about it, where there is no Go. */
export async function asynqBinary(): Promise<string | undefined> {
  const folder = fileURLToPath(new URL("../asynq/", import.meta.url));
  const binary = fileURLToPath(new URL("../node_modules/.cache/asynq-bench", import.meta.url));
  try {
    execFileSync("go", ["build", "-o", binary, "."], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    return binary;
  } catch {
    process.stderr.write("Asynq (Go) takes no part: `go build` did not work here\n");
    return undefined;
  }
}
