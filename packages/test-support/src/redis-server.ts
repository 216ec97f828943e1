import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./free-port.ts";

export interface RedisServerOptions {
  /** Default: a free port. Give the old one to bring a server back where its clients look for it. */
  readonly port?: number;
  /** Default: a new folder that `stop()` removes. Give your own to keep the data over a restart. */
  readonly dir?: string;
  /** Extra arguments in redis-server's own spelling, such as `["--appendonly", "yes"]`. */
  readonly args?: readonly string[];
}

/** One real `redis-server` on loopback, started for a test. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly dir: string;
  readonly pid: number;
  /** Ends the process as a crash would (SIGKILL) and leaves its folder. The port stays free to start on again. */
  kill(): Promise<void>;
  /** Starts the process again on the same port and folder, after `kill()`. */
  restart(): Promise<void>;
  /** Freezes the process (SIGSTOP): connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the process and removes the folder if this module made it. */
  stop(): Promise<void>;
}

/** The path of `redis-server`, or undefined where the machine has none. */
export function redisServerPath(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "redis-server"))
    .find((path) => existsSync(path));
}

export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = redisServerPath();
  if (binary === undefined) {
    throw new Error("expected redis-server on PATH; install Debian's package redis-server, or run npm test once");
  }
  const port = options.port ?? (await freePort());
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "hikyaku-redis-")));
  const args = [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", dir],
    ...["--save", "", "--daemonize", "no", "--loglevel", "warning"],
    ...(options.args ?? []),
  ];
  let child = await launch(binary, args, port);
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    port,
    dir,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? -1;
    },
    kill: end,
    async restart() {
      await end();
      child = await launch(binary, args, port);
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async stop() {
      await end();
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

async function launch(binary: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  for (let tries = 0; tries < 500; tries++) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}: ${output}`);
    if (await answersPing(port)) return child;
    await delay(10);
  }
  child.kill("SIGKILL");
  throw new Error(`redis-server did not answer on port ${port} within 5 s: ${output}`);
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(500, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (chunk) =>
      finish(chunk.toString().startsWith("+PONG") || chunk.toString().startsWith("-NOAUTH")),
    );
  });
}
