import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@hikyaku/test-support";
import { type AppName, AppProcess, eventually } from "../integration/support/app-process.ts";

/** What an attack can use up. */
export interface Figures {
  readonly memoryMib: number;
  /** Open files and sockets; undefined where the system does not tell. */
  readonly descriptors: number | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Another address of this machine, where it has several. */
  readonly from?: string;
}

export interface TargetOptions {
  readonly env?: "local" | "staging";
  readonly settings?: Readonly<Record<string, string | number>>;
  /** The limit of open files that it gets. */
  readonly descriptorLimit?: number;
}

/** Whether honest clients can come from another address than attackers: only Linux has several on loopback. */
export const hasAddresses = process.platform === "linux";
const honestAddress = hasAddresses ? "127.0.0.2" : "127.0.0.1";
let attackers = 0;

/** Another one for each attack, so that none suffers from what an earlier one did. */
export function newAttackerAddress(): string {
  attackers++;
  return hasAddresses ? `127.0.1.${attackers % 250}` : "127.0.0.1";
}

const deadlineMs = 10_000;

/** A program of ours on an embedded store of its own, without limits by rate, as the one to be attacked. */
export class Target {
  readonly port: number;
  readonly #app: AppProcess;
  readonly #folder: string;

  private constructor(app: AppProcess, port: number, folder: string) {
    this.#app = app;
    this.port = port;
    this.#folder = folder;
  }

  static async start(name: AppName, options: TargetOptions = {}): Promise<Target> {
    const { env = "local", settings = {}, descriptorLimit } = options;
    const folder = await mkdtemp(join(tmpdir(), "hikyaku-attacked-"));
    const port = await freePort();
    const app = new AppProcess(name, {
      settings: {
        SERVER__HOST: "127.0.0.1",
        SERVER__PORT: port,
        JOBQUEUE__PORT: port,
        JOBQUEUE__STORE: "embedded",
        JOBQUEUE__EMBEDDED__PATH: join(folder, "hikyaku.db"),
        API__RATE_LIMIT__STORAGE_TYPE: "memory",
        API__RATE_LIMIT__PAGE_REQUESTS_PER_MINUTE: 1_000_000,
        API__RATE_LIMIT__REQUESTS_PER_MINUTE: 1_000_000,
        API__RATE_LIMIT__REQUESTS_PER_HOUR: 1_000_000,
        LOGGING__LEVEL: "warn",
        ...settings,
      },
      env: { APP_ENV: env },
      ...(descriptorLimit !== undefined && { descriptorLimit }),
    });
    const target = new Target(app, port, folder);
    try {
      await eventually(20_000, async () => {
        const { status } = await target.ask("/health");
        if (status !== 200) throw new Error(`expected 200 from /health, got ${status}`);
      });
    } catch (error) {
      await target.end();
      throw new Error(`the target did not start; ${app.stderr}`, { cause: error });
    }
    return target;
  }

  /** One request on a connection of its own. Rejects where no whole answer comes within ten seconds. */
  ask(path: string, { method = "GET", headers = {}, body, from = honestAddress }: Asking = {}): Promise<Answer> {
    const since = performance.now();
    const agent = new Agent({ keepAlive: false });
    return new Promise<Answer>((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: this.port,
          localAddress: from,
          path,
          method,
          agent,
          headers,
          signal: AbortSignal.timeout(deadlineMs),
        },
        async (response) => {
          try {
            const text = Buffer.concat(await response.toArray()).toString();
            resolve({ status: response.statusCode ?? 0, body: text, ms: performance.now() - since });
          } catch (error) {
            reject(error);
          }
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  figures(): Figures {
    const { pid } = this.#app;
    const memory = execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
    const descriptors = process.platform === "linux" ? readdirSync(`/proc/${pid}/fd`).length : undefined;
    return { memoryMib: Math.round(Number(memory) / 1024), descriptors };
  }

  async end(): Promise<void> {
    await this.#app.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
