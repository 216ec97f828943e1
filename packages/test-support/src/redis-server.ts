import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { freePort } from "./free-port.ts";
import type { TestCertificate } from "./test-certificate.ts";

export interface RedisServerOptions {
  /** Default: a free port. Give the old one to bring a server back where its clients look for it. */
  readonly port?: number;
  /** Default: a new folder that `stop()` removes. Give your own to keep the data over a restart. */
  readonly dir?: string;
  /** Extra arguments in redis-server's own spelling, such as `["--appendonly", "yes"]`. */
  readonly args?: readonly string[];
  /** Serves TLS only, and asks clients for a certificate of the same authority where `clients` says so. */
  readonly tls?: TestCertificate & { readonly clients?: "optional" | "yes" };
  /** Default: what `redisServerPath()` gives. */
  readonly binary?: string;
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
  /** Empties it; for a plain server without a password. Much quicker than a process for it. */
  flush(): Promise<void>;
  /** Ends the process and removes the folder if this module made it. */
  stop(): Promise<void>;
}

/**
 * The server that tests run against: the one that `HIKYAKU_REDIS_SERVER` names, else `redis-server` on PATH. Undefined
 * where there is none.
 */
export function redisServerPath(): string | undefined {
  return process.env["HIKYAKU_REDIS_SERVER"] ?? onPath("redis-server");
}

/** The path of `redis-cli`, which makes clusters and looks in from outside, or undefined where the machine has none. */
export function redisCliPath(): string | undefined {
  return onPath("redis-cli");
}

/**
 * The path of a server that knows the commands of Redis 7.2 (Valkey 7.2 and later do): the one that
 * `HIKYAKU_VALKEY_SERVER` names, else `valkey-server` on PATH. Undefined where there is none.
 */
export function valkeyServerPath(): string | undefined {
  return process.env["HIKYAKU_VALKEY_SERVER"] ?? onPath("valkey-server");
}

export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "hikyaku-redis-")));
  const { tls } = options;
  const args = [
    ...(tls === undefined
      ? ["--port", String(port)]
      : [
          "--port",
          "0",
          "--tls-port",
          String(port),
          "--tls-ca-cert-file",
          tls.caFile,
          "--tls-cert-file",
          tls.certFile,
          "--tls-key-file",
          tls.keyFile,
          "--tls-auth-clients",
          tls.clients ?? "no",
        ]),
    "--bind",
    "127.0.0.1",
    "--dir",
    dir,
    "--save",
    "",
    "--daemonize",
    "no",
    "--loglevel",
    "warning",
    ...(options.args ?? []),
  ];
  return startProcess({ port, dir, args, tls, binary: options.binary, removesDir: options.dir === undefined });
}

/** Runs the server with exactly these arguments. */
export async function startProcess(options: {
  readonly port: number;
  readonly dir: string;
  readonly args: readonly string[];
  readonly removesDir: boolean;
  readonly tls?: TestCertificate | undefined;
  readonly binary?: string | undefined;
}): Promise<RedisServer> {
  const { port, dir, args, tls } = options;
  const binary = options.binary ?? redisServerPath();
  if (binary === undefined) {
    throw new Error("expected redis-server on PATH; install Debian's package redis-server, or run npm test once");
  }
  let child = await launch(binary, args, port, tls);
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    port,
    dir,
    url: `${tls === undefined ? "redis" : "rediss"}://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? -1;
    },
    kill: end,
    async restart() {
      await end();
      child = await launch(binary, args, port, tls);
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    flush: () => flush(port),
    async stop() {
      await end();
      // A child of the server that was writing a file may outlive it for a moment.
      if (options.removesDir) await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

function flush(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.setTimeout(10_000, () => socket.destroy(new Error(`redis-server on port ${port} did not answer`)));
    socket.once("error", reject);
    socket.once("connect", () => socket.write("FLUSHALL\r\n"));
    socket.once("data", (chunk) => {
      socket.destroy();
      if (chunk.toString().startsWith("+OK")) resolve();
      else reject(new Error(chunk.toString()));
    });
  });
}

function onPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

async function launch(
  binary: string,
  args: readonly string[],
  port: number,
  tls: TestCertificate | undefined,
): Promise<ChildProcess> {
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
    if (await answersPing(port, tls)) return child;
    await delay(10);
  }
  child.kill("SIGKILL");
  throw new Error(`redis-server did not answer on port ${port} within 5 s: ${output}`);
}

function answersPing(port: number, tls: TestCertificate | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const place = { port, host: "127.0.0.1" };
    const socket =
      tls === undefined ? connect(place) : connectTls({ ...place, ca: tls.ca, cert: tls.cert, key: tls.key });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(500, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once(tls === undefined ? "connect" : "secureConnect", () => socket.write("PING\r\n"));
    socket.once("data", (chunk) =>
      finish(chunk.toString().startsWith("+PONG") || chunk.toString().startsWith("-NOAUTH")),
    );
  });
}
