import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { HikyakuSide } from "./hikyaku-side.ts";
import { toldFailure } from "./hikyaku-told.ts";

/** How a peer is reached: it is sent requests and says answers and events. */
export interface Wire {
  readonly stderr: string;
  send(id: number, op: string, args: unknown): void;
  signal(signal: NodeJS.Signals): void;
  end(): Promise<void>;
}

export type Hear = (said: object) => void;

/** A process that speaks JSON lines. */
export class ProcessWire implements Wire {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  stderr = "";

  constructor(command: string, args: readonly string[], hear: Hear) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, NODE_OPTIONS: "" } });
    this.#exited = once(this.#child, "close");
    this.#child.stdin?.on("error", () => undefined);
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    if (this.#child.stdout !== null) {
      createInterface(this.#child.stdout).on("line", (line) => {
        // A process that is killed may leave half a line.
        if (line.endsWith("}")) hear(JSON.parse(line));
      });
    }
  }

  send(id: number, op: string, args: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify({ id, op, args })}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}

/** Our side inside this process, which saves its start. What is said still passes through JSON. */
export class LocalWire implements Wire {
  readonly stderr = "";
  readonly #side: HikyakuSide;
  readonly #hear: Hear;

  constructor(address: string, clockAheadMs: number, hear: Hear) {
    this.#hear = (said) => hear(JSON.parse(JSON.stringify(said)));
    this.#side = new HikyakuSide(address, clockAheadMs, this.#hear);
    void this.#side.ready();
  }

  send(id: number, op: string, args: unknown): void {
    this.#side.answer(op, JSON.parse(JSON.stringify(args))).then(
      (result) => this.#hear({ id, result: result ?? null }),
      (error) => this.#hear({ id, error: toldFailure(error) }),
    );
  }

  signal(signal: NodeJS.Signals): void {
    throw new Error(`expected a process of its own to send ${signal} to: ask for peer(side, { ownProcess: true })`);
  }

  end(): Promise<void> {
    return this.#side.close();
  }
}
