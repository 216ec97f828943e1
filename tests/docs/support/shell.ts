import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "@hikyaku/test-support";
import { type Block, replaced } from "./declared.ts";
import { root } from "./pages.ts";
import type { World } from "./world.ts";

/** What stands in the project's folder and is the same for each block; `config` may be written to, so it is copied. */
const linked = ["apps", "bench", "docs", "examples", "node_modules", "package.json", "packages", "scripts", "tests"];

/** Programs of others that blocks call; a machine may lack them. */
const foreign = ["curl", "openssl", "redis-cli", "ssh"] as const;

/** The first program that a block calls and this machine does not have. */
export function missingProgram({ code }: Block<"sh">): string | undefined {
  return foreign.find((name) => new RegExp(`(^|[\\s|(])${name} `, "m").test(code) && pathOf(name) === "");
}

/** Empty where the machine has none. */
function pathOf(program: string): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? "";
}

/** Programs that the blocks call by name, each as it is on a machine where ours listen on their usual ports. */
function standIns(world: World | undefined): Readonly<Record<string, string>> {
  const ours = (name: string) =>
    `exec "${process.execPath}" --conditions=source ${root}/tests/docs/stand-ins/${name}.ts "$@"`;
  const named = { npm: ours("npm"), node: ours("node") };
  if (world === undefined) return named;
  const to = `--connect-to localhost:8080:127.0.0.1:${world.port} --connect-to 127.0.0.1:8080:127.0.0.1:${world.port}`;
  return {
    npm: ours("npm"),
    curl: `exec "${pathOf("curl")}" --max-time 60 ${to} "$@"`,
    "redis-cli": [
      "words=",
      // A Redis elsewhere, and a password that is asked for: here it is ours, and the password that the page's user got.
      'for word in "$@"; do shift; case "$word" in --askpass) set -- "$@" --no-auth-warning --pass secret ;; --tls) ;;',
      '  -h) skip=1 ;; *) if [ "$skip" = 1 ]; then skip=; else set -- "$@" "$word"; fi ;; esac; done',
      `exec "${pathOf("redis-cli")}" -p ${world.redisPort} "$@"`,
    ].join("\n"),
    // Reads the command line as ssh does, and connects to nobody.
    ssh: `exec "${pathOf("ssh")}" -G "$@"`,
  };
}

export interface Ended {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of the project to run the commands of one page in. */
export class Checkout {
  readonly path = mkdtempSync(join(tmpdir(), "hikyaku-docs-sh-"));

  constructor() {
    for (const name of linked) symlinkSync(join(root, name), join(this.path, name));
    cpSync(join(root, "config"), join(this.path, "config"), { recursive: true });
    mkdirSync(join(this.path, "secrets"));
    for (const name of ["jobqueue-password", "sentinel-password", "cache-password", "operations-token"]) {
      writeFileSync(join(this.path, "secrets", name), "0123456789abcdef\n");
    }
  }

  /** Runs a block by bash, which stops at the first command that fails. Without a world only what it names is checked. */
  async run({ code, run }: Block<"sh">, world: World | undefined): Promise<Ended> {
    const bin = mkdtempSync(join(this.path, "bin-"));
    for (const [name, body] of Object.entries(standIns(world))) {
      writeFileSync(join(bin, name), `#!/bin/bash\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const { NODE_OPTIONS: _, VITEST: __, ...own } = process.env;
    const lines = ["set -euo pipefail", `PATH='${bin}':"$PATH"`, run.setup ?? "", replaced(code, run.replace)];
    const env = {
      ...own,
      NODE_COMPILE_CACHE: join(root, ".cache/compiled"),
      ...world?.env,
      FREE_PORT: String(await freePort()),
    };
    return ended("bash", ["-c", lines.join("\n")], this.path, env);
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.path, file), text);
  }

  /** The settings that a block of nothing but `HIKYAKU__NAME=value` sets, line by line; undefined for any other block. */
  async variables({ code, run }: Block<"sh">): Promise<NodeJS.ProcessEnv[] | undefined> {
    const lines = replaced(code, run.replace).trim().split("\n");
    if (lines.some((line) => !/^HIKYAKU__\w+=('[^']*'|\S*)( +#.*)?$/.test(line))) return undefined;
    const perLine = lines.map(async (line) => {
      const script = `set -ae\n${run.setup ?? ""}\n${line}\nenv -0`;
      const { stdout } = await ended("bash", ["-c", script], this.path, { PATH: process.env["PATH"] });
      const pairs = stdout.split("\0").map((pair) => /^(HIKYAKU__\w+)=(.*)$/s.exec(pair)?.slice(1) ?? []);
      return Object.fromEntries(pairs.filter((pair) => pair.length === 2)) as NodeJS.ProcessEnv;
    });
    return Promise.all(perLine);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** How long the commands of one block may take. */
const longestMs = 150_000;

function ended(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  // A group of its own, so that what the commands started ends with them when their time is up.
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const late = setTimeout(() => endGroup(child.pid), longestMs);
  const out = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      out[name] += chunk;
    });
  }
  return new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? signal ?? 1, ...out }));
  }).finally(() => clearTimeout(late));
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of them have ended.
  }
}
