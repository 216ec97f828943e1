import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Config } from "@hikyaku/config";

const repository = resolve(import.meta.dirname, "../../..");
const shownDigits = 12;

/**
 * Names the code that this process runs: `jobqueue.build` if it is set, otherwise the commit that is checked out when
 * the process starts. Undefined when neither is known.
 */
export function buildId({ jobqueue }: Pick<Config, "jobqueue">, root = repository): string | undefined {
  return jobqueue.build ?? commitAt(root)?.slice(0, shownDigits);
}

function commitAt(root: string): string | undefined {
  const head = read(join(root, ".git/HEAD"));
  const ref = /^ref: (\S+)$/.exec(head ?? "")?.[1];
  if (ref === undefined) return commitIn(head);
  const packed = read(join(root, ".git/packed-refs"))
    ?.split("\n")
    .find((line) => line.endsWith(` ${ref}`));
  return commitIn(read(join(root, ".git", ref))) ?? commitIn(packed?.split(" ")[0]);
}

function commitIn(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{40,64}$/.test(text) ? text : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
