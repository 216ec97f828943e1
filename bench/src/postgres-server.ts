import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "@hikyaku/test-support";

export interface PostgresServer {
  /** The version in PostgreSQL's own words. */
  readonly version: string;
  /** Makes an empty database and gives its address; the one before is dropped. */
  freshDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Enough for a worker with a connection for each of 100 slots, beside a producer. */
const mostConnections = 200;
const user = "bench";
const stopMs = 10_000;

/**
 * A PostgreSQL server on loopback in a folder of its own, at its defaults (so with fsync and synchronous_commit on) but
 * for the number of connections. A sentence about why not, where there is none to start.
 */
export async function startPostgres(): Promise<PostgresServer | string> {
  const folder = binaries();
  if (folder === undefined) return "no PostgreSQL server on PATH or in /usr/lib/postgresql";
  const account = unprivilegedAccount();
  if (account === undefined) return "PostgreSQL does not run as root, and there is no user postgres or nobody";
  const dir = await mkdtemp(join(tmpdir(), "hikyaku-postgres-"));
  try {
    if (account !== "self") chownSync(dir, account.uid, account.gid);
    const as = { ...(account === "self" ? {} : account), cwd: dir };
    const data = join(dir, "data");
    execFileSync(join(folder, "initdb"), ["-D", data, "-U", user, "-A", "trust", "--no-sync", "-E", "UTF8"], {
      ...as,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const port = await freePort();
    const args = [
      "-D",
      data,
      "-p",
      String(port),
      "-h",
      "127.0.0.1",
      "-k",
      dir,
      "-c",
      `max_connections=${mostConnections}`,
    ];
    const child = spawn(join(folder, "postgres"), args, { ...as, stdio: ["ignore", "ignore", "pipe"] });
    return await started(child, port, dir, folder);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    return `PostgreSQL could not be started: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function started(child: ChildProcess, port: number, dir: string, folder: string): Promise<PostgresServer> {
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2_000);
  });
  // Loaded here, since the peers are installed by `npm run bench` alone.
  const { Client } = await import("pg");
  const connect = async () => {
    const client = new Client({ host: "127.0.0.1", port, user, database: "postgres", connectionTimeoutMillis: 1_000 });
    await client.connect();
    return client;
  };
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output}`);
    try {
      await (await connect()).end();
      break;
    } catch (error) {
      if (tries === 300) {
        child.kill("SIGKILL");
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    version: execFileSync(join(folder, "postgres"), ["--version"]).toString().trim(),
    freshDatabase: async () => {
      const client = await connect();
      await client.query("drop database if exists bench with (force)");
      await client.query("create database bench");
      await client.query("checkpoint");
      await client.end();
      return `postgres://${user}@127.0.0.1:${port}/bench`;
    },
    stop: async () => {
      const ended = once(child, "exit");
      // Its word for "end all sessions, then stop".
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(timer);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The folder of `postgres` and `initdb`. */
function binaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  return folders.find((folder) => existsSync(join(folder, "postgres")) && existsSync(join(folder, "initdb")));
}

function unprivilegedAccount(): "self" | { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return "self";
  for (const name of ["postgres", "nobody"]) {
    try {
      const ask = (flag: string): number =>
        Number(execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: ask("-u"), gid: ask("-g") };
    } catch {
      // The next name may be known here.
    }
  }
  return undefined;
}
