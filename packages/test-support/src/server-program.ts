import { spawnSync } from "node:child_process";

/** What a server's program is, as it says itself. */
export interface ServerProgram {
  /** `Redis`, `Valkey`, `KeyDB`. */
  readonly product: string;
  /** Such as `7.0.15`. */
  readonly version: string;
}

const patienceMs = 10_000;

/** Asks the program at this path what it is. @throws Error where it can't be run here, or is no such server. */
export function serverProgram(path: string): ServerProgram {
  const { stdout, stderr, error, signal } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: patienceMs });
  const [, product, version] = /^(\w+) server v=(\S+)/.exec(stdout ?? "") ?? [];
  if (product !== undefined && version !== undefined) return { product, version };
  const got = error?.message ?? signal ?? JSON.stringify(`${stdout}${stderr}`.slice(0, 200));
  throw new Error(`${path}: expected a server that tells its version ("Redis server v=7.0.15"), got ${got}`);
}

/** Whether the program is of this version or a later one, such as `isSince(program, "7.2")`. */
export function isSince({ version }: ServerProgram, wanted: string): boolean {
  const [have, want] = [version, wanted].map((text) => text.split(".").map(Number));
  const place = want?.findIndex((part, index) => part !== (have?.[index] ?? 0)) ?? -1;
  return place === -1 || (have?.[place] ?? 0) > (want?.[place] ?? 0);
}

const known = new Map<string, boolean>();

/** Whether the program at this path was built with TLS; false where there is no path. */
export function speaksTls(path: string | undefined): boolean {
  if (path === undefined) return false;
  let speaks = known.get(path);
  if (speaks === undefined) {
    // All end at once: who has TLS for want of a certificate, who has none because of the port.
    const args = ["--port", "0", "--bind", "127.0.0.1", "--tls-port", "1"];
    const { stdout, stderr } = spawnSync(path, args, { encoding: "utf8", timeout: patienceMs });
    speaks = !/Bad directive|Failed finding TLS support/.test(`${stdout}${stderr}`);
    known.set(path, speaks);
  }
  return speaks;
}
