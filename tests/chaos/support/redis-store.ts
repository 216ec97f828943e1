import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type RedisServer, startRedisServer, startTcpProxy, type TcpProxy } from "@hikyaku/test-support";
import type { Broker } from "hikyaku";
import type { StoreFault } from "../schedule.ts";
import { openStore } from "./logged-broker.ts";
import type { ChaosStore } from "./store.ts";

const run = promisify(execFile);
/** What was answered is on disk: with `everysec` a kill during a slow write loses answers, and nothing could be proved. */
const durable = ["--appendonly", "yes", "--appendfsync", "always"];
const caughtUpWithinMs = 5_000;

/** A Redis behind a road that breaks; with a replica where it is to fail over. */
export async function startRedisStore(withReplica: boolean): Promise<ChaosStore> {
  const started: RedisServer[] = [];
  try {
    const first = await startRedisServer({ args: durable });
    started.push(first);
    if (withReplica) {
      const replica = await startRedisServer({ args: durable });
      started.push(replica);
      // Said at run time only, so that a server that is started again later is what it was last, and no replica.
      await redisCli(replica.port, "replicaof", "127.0.0.1", String(first.port));
    }
    const store = new RedisStore(started);
    await store.open();
    return store;
  } catch (error) {
    for (const server of started) await server.stop();
    throw error;
  }
}

class RedisStore implements ChaosStore {
  /** The one that answers is the first. */
  #servers: readonly RedisServer[];
  #proxy: TcpProxy | undefined;
  #observer: { readonly port: number; readonly broker: Broker } | undefined;

  constructor(servers: readonly RedisServer[]) {
    this.#servers = servers;
  }

  async open(): Promise<void> {
    this.#proxy = await startTcpProxy(() => this.#server.port);
  }

  get address(): string {
    return `redis://127.0.0.1:${this.#road.port}`;
  }

  observe(): Broker {
    const { port, url } = this.#server;
    if (this.#observer?.port !== port) {
      void this.#observer?.broker.close();
      this.#observer = { port, broker: openStore(url) };
    }
    return this.#observer.broker;
  }

  async inflict(fault: StoreFault): Promise<number> {
    const road = this.#road;
    const { kind, ms } = fault;
    switch (kind) {
      case "killed":
        await this.#server.kill();
        await delay(ms);
        await this.#server.restart();
        break;
      case "paused":
        this.#server.pause();
        await delay(ms);
        this.#server.resume();
        break;
      case "out_of_memory":
        await this.#ask("config", "set", "maxmemory", "1");
        await delay(ms);
        await this.#ask("config", "set", "maxmemory", "0");
        break;
      case "commands_refused": {
        const commands = fault.commands ?? [];
        await this.#ask("acl", "setuser", "default", ...commands.map((command) => `-${command}`));
        await delay(ms);
        await this.#ask("acl", "setuser", "default", ...commands.map((command) => `+${command}`));
        break;
      }
      case "scripts_flushed":
        await this.#ask("script", "flush");
        break;
      case "fails_over":
        await this.#failOver();
        break;
      case "cut":
        road.cut();
        break;
      case "answer_cut":
        await Promise.race([road.cutAnswerTo("EVALSHA"), delay(ms)]);
        break;
      case "answers_held":
        road.holdAnswers();
        await delay(ms);
        road.release();
        break;
      case "frozen":
        road.freeze();
        await delay(ms);
        road.release();
        break;
      case "slow":
        road.delayAnswers(Math.min(200, ms / 4));
        await delay(ms);
        road.delayAnswers(0);
        break;
      case "refused":
        road.refuse(true);
        road.cut();
        await delay(ms);
        road.refuse(false);
        break;
      case "file_busy":
        throw new Error("expected a fault of Redis, got file_busy");
    }
    return Date.now();
  }

  async close(): Promise<void> {
    await this.#observer?.broker.close();
    await this.#proxy?.close();
    for (const server of this.#servers) await server.stop();
  }

  get #road(): TcpProxy {
    if (this.#proxy === undefined) throw new Error("expected open() before anything else");
    return this.#proxy;
  }

  get #server(): RedisServer {
    const [server] = this.#servers;
    if (server === undefined) throw new Error("expected at least one server");
    return server;
  }

  /** Hands over to the replica once that has all that was answered, so that nothing is lost and all can be checked. */
  async #failOver(): Promise<void> {
    const [old, replica] = this.#servers;
    if (old === undefined || replica === undefined) throw new Error("expected a replica to fail over to");
    await untilSaid(old.port, "replication", /state=online/);
    await this.#ask("failover");
    await untilSaid(replica.port, "replication", /role:master/);
    this.#servers = [replica, old];
    this.#road.cut();
  }

  async #ask(...command: readonly string[]): Promise<void> {
    const { stdout } = await redisCli(this.#server.port, ...command);
    if (stdout.trim() !== "OK") throw new Error(`redis: ${command.join(" ")}: expected OK, got ${stdout}`);
  }
}

function redisCli(port: number, ...command: readonly string[]): Promise<{ stdout: string }> {
  return run("redis-cli", ["-p", String(port), ...command], { timeout: caughtUpWithinMs });
}

async function untilSaid(port: number, section: string, pattern: RegExp): Promise<void> {
  const end = performance.now() + caughtUpWithinMs;
  while (performance.now() < end) {
    const { stdout } = await redisCli(port, "info", section);
    if (pattern.test(stdout)) return;
    await delay(20);
  }
  throw new Error(`the Redis on port ${port} did not say ${pattern} within ${caughtUpWithinMs} ms`);
}
