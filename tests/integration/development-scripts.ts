import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/** The project's own folder. */
export const projectFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and tells how it ended; ends it after `timeoutMs`. `env` is added to this process's own. */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeoutMs = 90_000,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const options = { cwd: projectFolder, env: { ...process.env, APP_ENV: "local", ...env }, timeout: timeoutMs };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") return reject(error);
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

/** What a compose file says, in the parts that this project uses. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly name?: string; readonly external?: boolean }>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

export interface ComposeService {
  readonly image: string;
  readonly restart: string;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

/** Reads a compose file of the project as Compose does where no variable is set: each `${NAME:-default}` is its default. */
export async function readComposeFile(name: string): Promise<ComposeFile> {
  const text = await readFile(join(projectFolder, name), "utf8");
  return parse(text.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1"));
}

/** The one service of that name; throws where the file has none. */
export function serviceOf(file: ComposeFile, name: string): ComposeService {
  const service = file.services[name];
  if (service === undefined)
    throw new Error(`expected a service "${name}", got ${Object.keys(file.services).join(", ")}`);
  return service;
}

/** The options of a `redis-server` command line, without their dashes. */
export function redisOptions(command: readonly string[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (let at = 1; at < command.length; at += 2) {
    options.set((command[at] ?? "").replace(/^--/, ""), command[at + 1] ?? "");
  }
  return options;
}

/** A folder with one program, `docker`, in it: a shell script that a test gives. To be put first on PATH. */
export interface DockerStandIn extends AsyncDisposable {
  readonly path: string;
  /** Every call so far, one a line: its arguments, and the variables that the compose files read. */
  calls(): Promise<string>;
}

/**
 * Stands in for the Docker client where a script's choice of commands is the question. `answers` is the body of a shell
 * `case` over the arguments; what it has no branch for succeeds and prints nothing.
 */
export async function dockerStandIn(answers: string): Promise<DockerStandIn> {
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-docker-"));
  const log = join(folder, "calls");
  await writeFile(log, "");
  await writeFile(
    join(folder, "docker"),
    `#!/bin/sh\nprintf '%s\\n' "$*" >>'${log}'\nenv | grep -E '^(HIKYAKU_REDIS_|RI_)' | sort >>'${log}'\ncase "$*" in\n${answers}\nesac\n`,
  );
  await chmod(join(folder, "docker"), 0o755);
  return {
    path: `${folder}:${process.env["PATH"] ?? ""}`,
    calls: () => readFile(log, "utf8"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
