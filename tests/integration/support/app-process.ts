import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { REGISTER_DEMO_JOB_PATH } from "@hikyaku/contract";

const root = join(import.meta.dirname, "../../..");

export type AppName = "standalone" | "api" | "worker";

/** One line of output and when it came, in milliseconds since the epoch. */
interface Line {
  readonly text: string;
  readonly at: number;
}

/** The lines of one stream so far, and a way to wait for those to come. */
class Lines {
  readonly all: Line[] = [];
  readonly #waiting = new Set<() => void>();

  add(text: string): void {
    this.all.push({ text, at: Date.now() });
    for (const look of this.#waiting) look();
  }

  /** The first line that matches, among those after the first `skip` lines; rejects after `timeoutMs`. */
  async next(pattern: RegExp, { skip = 0, timeoutMs = 15_000 } = {}): Promise<Line> {
    const found = Promise.withResolvers<Line>();
    const look = (): void => {
      const line = this.all.slice(skip).find(({ text }) => pattern.test(text));
      if (line !== undefined) found.resolve(line);
    };
    const timer = setTimeout(
      () => found.reject(new Error(`no line ${pattern} within ${timeoutMs} ms; ${this}`)),
      timeoutMs,
    );
    this.#waiting.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  toString(): string {
    return `what came:\n${this.all.map(({ text }) => text).join("\n")}`;
  }
}

export interface AppOptions {
  /** Settings by variable name without `HIKYAKU__`, such as `SERVER__PORT`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly env?: Readonly<Record<string, string>>;
  /** What stands behind the program on its command line. */
  readonly args?: readonly string[];
  /** A file descriptor that stdout goes to instead of a pipe; `stdout` then stays empty. */
  readonly stdoutFd?: number;
  /** The limit of open files that it gets, soft and hard. */
  readonly descriptorLimit?: number;
}

/** One of the applications as a process of its own, run from source as `npm start` runs it. */
export class AppProcess {
  readonly stdout = new Lines();
  readonly stderr = new Lines();
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals>;

  constructor(name: AppName, { settings = {}, env = {}, args = [], stdoutFd, descriptorLimit }: AppOptions = {}) {
    const overrides = Object.entries(settings).map(([key, value]) => [`HIKYAKU__${key}`, String(value)]);
    const command = [process.execPath, "--conditions=source", `apps/${name}/src/main.ts`, ...args];
    const limited = descriptorLimit === undefined ? [] : ["sh", "-c", `ulimit -n ${descriptorLimit}; exec "$0" "$@"`];
    const [program = "", ...rest] = [...limited, ...command];
    this.#child = spawn(program, rest, {
      cwd: root,
      stdio: ["ignore", stdoutFd ?? "pipe", "pipe"],
      env: {
        ...process.env,
        APP_ENV: "local",
        NODE_OPTIONS: "",
        HIKYAKU__LOGGING__FORMAT: "json",
        ...Object.fromEntries(overrides),
        ...env,
      },
    });
    collect(this.#child.stdout, this.stdout);
    collect(this.#child.stderr, this.stderr);
    this.#exited = once(this.#child, "close").then(([code, signal]) => code ?? signal);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The exit code, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals> {
    return this.#exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As `2>&1 | head` does: the next line that it logs meets a closed pipe. */
  closeStderr(): void {
    this.#child.stderr?.destroy();
  }

  /** As a crash of the machine would: nothing is finished, nothing is said. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#exited;
  }

  /** Asks it to stop and gives its exit code. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.signal("SIGTERM");
    return this.#exited;
  }

  /** Waits until it says that it runs. */
  async ready(): Promise<this> {
    const ended = this.#exited.then((code) => {
      throw new Error(`it ended with ${code} before it ran; ${this.stderr}`);
    });
    await Promise.race([this.stderr.next(/ runs: /, { timeoutMs: 20_000 }), ended]);
    return this;
  }
}

/** Processes that are ended when the test is over, whatever became of it. */
export class AppProcesses {
  readonly #all: AppProcess[] = [];

  start(name: AppName, options: AppOptions = {}): AppProcess {
    const app = new AppProcess(name, options);
    this.#all.push(app);
    return app;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((app) => app.kill()));
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly ms: number;
}

/** Registers a demo job over HTTP. */
export async function register(port: number, body: object): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}${REGISTER_DEMO_JOB_PATH}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body: answer, ms: performance.now() - start };
}

/** Asks again until the condition holds; rejects after `timeoutMs` with the last reason. */
export async function eventually<Value>(timeoutMs: number, attempt: () => Promise<Value>): Promise<Value> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function collect(stream: NodeJS.ReadableStream | null, lines: Lines): void {
  if (stream !== null) createInterface({ input: stream }).on("line", (line) => lines.add(line));
}
