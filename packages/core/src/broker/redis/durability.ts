import { errorText, HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import type { QueueKeys } from "./keys.ts";
import type { RedisDurabilityOptions, RedisOptions } from "./redis-options.ts";
import { asHikyakuError, type Script } from "./run-script.ts";
import { type Argument, type Link, RedisRefusal, type Reply } from "./wire/link.ts";
import { list } from "./wire/reply.ts";
import { type Shape, shapedReply } from "./wire/reply-shape.ts";

/** How long the key lives that is written so that `WAIT` counts from now. */
const markMs = "1000";

/** How long to wait when the options say nothing else. */
const usualWaitMs = 1_000;

/** A script's answer, and the error when acknowledgements were missing. */
interface Acknowledged {
  readonly answer: Reply;
  readonly lack: HikyakuError | undefined;
}

/**
 * Waits until replicas and disks have acknowledged a write. `WAIT` holds up its whole connection and counts what was
 * written on that connection. So this has a connection of its own, and the two commands travel together.
 */
export class Durability {
  readonly replicas: number;
  readonly #onDisk: boolean;
  readonly #waitMs: number;
  readonly #callMs: number;
  readonly #link: Link;
  /**
   * Servers that were asked and can wait, each with the moment since which it is reachable. A server that came back is
   * asked again.
   */
  readonly #able = new WeakMap<Link, number>();

  /** @throws HikyakuError `invalid_option`. */
  constructor(
    link: Link,
    { replicas = 0, onDisk = false, timeoutMs = usualWaitMs }: RedisDurabilityOptions,
    callMs: number,
  ) {
    checkInteger("replicas", replicas, 0, 1_000);
    checkInteger("timeoutMs", timeoutMs, 1, 600_000);
    if (replicas === 0 && !onDisk) {
      throw new HikyakuError("invalid_option", 'option "durability": expected replicas of 1 or more, or onDisk');
    }
    this.replicas = replicas;
    this.#link = link;
    this.#onDisk = onDisk;
    this.#waitMs = timeoutMs;
    this.#callMs = callMs;
  }

  /**
   * Runs a script that writes, and waits.
   * @throws HikyakuError when the script was not carried out, or may not have been.
   */
  async run(
    { source, digest, shape }: Script,
    keys: readonly string[],
    args: readonly Argument[],
    call: CallOptions | undefined,
  ): Promise<Acknowledged> {
    const holder = await this.#mustBeAble(keys[0] ?? "", call);
    const tail = [String(keys.length), ...keys, ...args];
    try {
      return await this.#together(holder, ["EVALSHA", digest, ...tail], shape, call);
    } catch (error) {
      if (!(error instanceof RedisRefusal) || error.word !== "NOSCRIPT") throw asHikyakuError(error);
    }
    try {
      return await this.#together(holder, ["EVAL", source, ...tail], shape, call);
    } catch (error) {
      throw asHikyakuError(error);
    }
  }

  /**
   * Waits for everything that anybody has written until now to the queue's server.
   * @throws HikyakuError
   */
  async confirm(keys: QueueKeys, call: CallOptions | undefined): Promise<HikyakuError | undefined> {
    const holder = await this.#mustBeAble(keys.pending, call);
    try {
      const mark = ["SET", `hikyaku:{${keys.queue}}:acknowledged`, "1", "PX", markMs];
      return (await this.#together(holder, mark, "OK or nothing", call)).lack;
    } catch (error) {
      throw asHikyakuError(error);
    }
  }

  close(): void {
    this.#link.close();
  }

  async #together(
    holder: Link,
    write: readonly Argument[],
    shape: Shape,
    call: CallOptions | undefined,
  ): Promise<Acknowledged> {
    const timeoutMs = (call?.timeoutMs ?? this.#callMs) + this.#waitMs;
    const [written, waited] = await this.#link.callInTurn([write, this.#wait(this.#waitMs)], { ...call, timeoutMs });
    if (written?.status !== "fulfilled") throw written?.reason;
    // The server may not be able to wait any more. The next call finds out before it writes.
    if (waited?.status === "rejected") this.#able.delete(holder);
    return { answer: shapedReply("a write", shape, written.value), lack: this.#lackOf(waited) };
  }

  #wait(ms: number): readonly string[] {
    const replicas = String(this.replicas);
    return this.#onDisk ? ["WAITAOF", "1", replicas, String(ms)] : ["WAIT", replicas, String(ms)];
  }

  #lackOf(waited: PromiseSettledResult<Reply> | undefined): HikyakuError | undefined {
    if (waited?.status !== "fulfilled") return notAcknowledged(`: ${errorText(waited?.reason)}`, waited?.reason);
    const [disks, replicas] = this.#onDisk ? list(waited.value).map(Number) : [1, Number(waited.value)];
    const within = `within ${this.#waitMs} ms`;
    if ((disks ?? 0) < 1) return notAcknowledged(`: it was not on the master's disk ${within}`);
    if ((replicas ?? 0) >= this.replicas) return undefined;
    const where = this.#onDisk ? "on the disks of" : "by";
    return notAcknowledged(` ${where} ${this.replicas} replicas ${within}: ${replicas ?? 0} of them did`);
  }

  /**
   * Refuses, before anything is written, when the server can't wait: it does not know the command, does not let this
   * user run it, or keeps no append-only file. To find out, it waits for a millisecond: the version tells less.
   */
  async #mustBeAble(key: string, call: CallOptions | undefined): Promise<Link> {
    const holder = await this.#link.holderOf(key, call);
    if (this.#able.get(holder) === holder.reachability.since) return holder;
    const wait = this.#wait(1);
    try {
      await holder.call(wait, call);
    } catch (error) {
      if (!(error instanceof RedisRefusal)) throw error;
      // A replica refuses the write too, which shows that it is a replica.
      if (/\breplica\b/.test(error.message)) return holder;
      throw new HikyakuError(
        "store_rejected",
        `option "durability": expected a server that can carry out ${wait.join(" ")}${this.#onDisk ? " (Redis 7.2 or newer can)" : ""}, ` +
          `nothing was stored; ${holder.location} answered: ${error.message}`,
        { cause: error },
      );
    }
    this.#able.set(holder, holder.reachability.since);
    return holder;
  }
}

/** @throws HikyakuError `invalid_option`. */
export function durabilityOf(options: RedisOptions, link: (holdMs: number) => Link): Durability | undefined {
  const { durability, commandTimeoutMs = 5_000 } = options;
  if (durability === undefined) return undefined;
  return new Durability(link(durability.timeoutMs ?? usualWaitMs), durability, commandTimeoutMs);
}

function notAcknowledged(what: string, cause?: unknown): HikyakuError {
  return new HikyakuError(
    "not_acknowledged",
    `the task is stored, but was not acknowledged${what}; enqueue it again with the same task id: the answer that the id ` +
      "is taken then means that it was acknowledged",
    { cause },
  );
}

function checkInteger(name: string, value: unknown, lowest: number, highest: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= lowest && Number(value) <= highest) return;
  throw new HikyakuError(
    "invalid_option",
    `option "durability.${name}": expected a whole number from ${lowest} to ${highest}, got ${String(value)}`,
  );
}
