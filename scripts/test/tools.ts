import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export { redisServerPath } from "../../packages/test-support/src/redis-server.ts";

/** What `inject("redisServerPath")` and `inject("chromiumPath")` answer in a test: a path, or null where there is none. */
declare module "vitest" {
  interface ProvidedContext {
    redisServerPath: string | null;
    chromiumPath: string | null;
  }
}

/** A Chromium, or a browser that is one inside, on PATH or where macOS keeps its applications; or undefined. */
export function chromiumPath(): string | undefined {
  return (
    onPath("chromium") ?? onPath("chromium-browser") ?? onPath("google-chrome") ?? macApplications.find(isExecutable)
  );
}

const macApplications = ["Chromium", "Google Chrome"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);

function onPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
