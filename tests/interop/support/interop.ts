import { fileURLToPath } from "node:url";
import { type RedisServer, startRedisCluster, startRedisServer } from "@hikyaku/test-support";
import { beforeEach, inject, onTestFinished } from "vitest";
import { AsynqCli } from "./asynq-cli.ts";
import { Asynqmon } from "./asynqmon.ts";
import { Peer } from "./peer.ts";
import { type Hear, LocalWire, ProcessWire, type Wire } from "./wire.ts";

export type Side = "Go" | "Hikyaku";

/** Both directions, for `describe.each`. */
export const directions: readonly (readonly [one: Side, other: Side])[] = [
  ["Go", "Hikyaku"],
  ["Hikyaku", "Go"],
];

const asynqCliPath = process.env["HIKYAKU_ASYNQ_CLI"];
const ourProgram = fileURLToPath(new URL("hikyaku-peer.ts", import.meta.url));

/** Skips every test of the file, with the reason, where there is no Go. */
export function needsGo(): void {
  beforeEach(({ skip }) => {
    const programs = inject("goPrograms");
    if ("missing" in programs) skip(programs.missing);
  });
}

/** Skips every test of the file, with the reason, where Go's web tool can't be built. */
export function needsAsynqmon(): void {
  beforeEach(({ skip }) => {
    const program = inject("asynqmonProgram");
    if ("missing" in program) skip(program.missing);
  });
}

/**
 * Skips every test of the file, with the reason, where no one has told of Go's command-line tool. It is not built here: its
 * module can't be had as a dependency.
 */
export function needsAsynqCli(): void {
  beforeEach(({ skip }) => {
    const programs = inject("goPrograms");
    if (asynqCliPath === undefined) skip("needs Go's command-line tool: set HIKYAKU_ASYNQ_CLI to the path of `asynq`");
    // It is Go's words that tell what keys are left.
    if ("missing" in programs) skip(programs.missing);
  });
}

/** A Redis of one test, and processes of either side on it. All of it ends with the test. */
export class Interop {
  /** The server, or one node of the cluster. */
  readonly redis: RedisServer;
  /** Of a cluster all nodes, with commas between. */
  readonly #address: string;
  #prober: Promise<Peer> | undefined;

  private constructor(redis: RedisServer, address = `127.0.0.1:${redis.port}`) {
    this.redis = redis;
    this.#address = address;
  }

  static async open(): Promise<Interop> {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    return new Interop(redis);
  }

  /** The same on a cluster of three masters. */
  static async openCluster(): Promise<Interop> {
    const { nodes, addrs, stop } = await startRedisCluster(3);
    onTestFinished(stop);
    return new Interop(nodes[0] as RedisServer, addrs.join(","));
  }

  /**
   * Another peer of a side, ready to be asked. Go's is always a process; ours is one where a test is to kill or freeze it.
   * Only ours can have a clock that is wrong.
   */
  async peer(side: Side, { ownProcess = false, clockAheadMs = 0 } = {}): Promise<Peer> {
    const peer = new Peer(side, (hear) => this.#connect(side, ownProcess, clockAheadMs, hear));
    onTestFinished(() => peer.end());
    await peer.first({ event: "ready" });
    return peer;
  }

  /** Go's web tool on this Redis. */
  asynqmon(): Promise<Asynqmon> {
    const program = inject("asynqmonProgram");
    if ("missing" in program) throw new Error(program.missing);
    return Asynqmon.start(program.asynqmon, `127.0.0.1:${this.redis.port}`);
  }

  /** Go's command-line tool on this Redis. */
  asynqCli(): AsynqCli {
    if (asynqCliPath === undefined)
      throw new Error("expected HIKYAKU_ASYNQ_CLI to be the path of `asynq`; it is not set");
    return new AsynqCli(asynqCliPath, `127.0.0.1:${this.redis.port}`);
  }

  /** What one Redis command answers, in the words of Go's client. */
  async command(...words: readonly (string | number)[]): Promise<unknown> {
    this.#prober ??= this.peer("Go");
    return (await this.#prober).ask("redis", words);
  }

  /** The keys that fit, sorted, without those of the statistics: they stay for their time, whatever becomes of the tasks. */
  async redisKeys(pattern: string): Promise<readonly string[]> {
    const keys = (await this.command("KEYS", pattern)) as string[];
    return keys.filter((key) => !key.includes("}:statistics:")).sort();
  }

  /** Puts a waiting task in line at once, as an operator of Go's tools would. */
  async run(taskId: string, queue = "default"): Promise<void> {
    this.#prober ??= this.peer("Go");
    await (await this.#prober).inspect("run", { queue, taskId });
  }

  /** One peer of each side, the first side first. */
  async pair(one: Side, other: Side): Promise<readonly [one: Peer, other: Peer]> {
    return Promise.all([this.peer(one), this.peer(other)]);
  }

  #connect(side: Side, ownProcess: boolean, clockAheadMs: number, hear: Hear): Wire {
    const address = this.#address;
    if (side === "Hikyaku" && !ownProcess) return new LocalWire(address, clockAheadMs, hear);
    if (side === "Hikyaku") {
      const args = ["--conditions=source", ourProgram, address, String(clockAheadMs)];
      return new ProcessWire(process.execPath, args, hear);
    }
    const programs = inject("goPrograms");
    if ("missing" in programs) throw new Error(programs.missing);
    return new ProcessWire(programs.peer, [address], hear);
  }
}

export function bytes(text: string): string {
  return Buffer.from(text).toString("base64");
}
