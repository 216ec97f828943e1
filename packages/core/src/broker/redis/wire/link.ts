import type { Reachability } from "../../broker.ts";
import type { CallOptions } from "../../call-options.ts";

/**
 * What Redis answers to our scripts and commands. Text and binary values are buffers. A map is a list: name, value,
 * name, value.
 */
export type Reply = Buffer | number | null | Reply[];
export type Argument = string | Buffer;

/** An error reply of Redis, with its first word, such as `NOSCRIPT` or `OOM`. */
export class RedisRefusal extends Error {
  override readonly name = "RedisRefusal";
  readonly word: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.word = message.split(" ", 1)[0] ?? "";
  }
}

/** Our own word for a refused `MULTI`: the commands of the transaction were carried out one by one. */
export const noTransaction = "NOMULTI";

/** Where the facets send their commands: one server, the master that sentinels name, or all masters of a cluster. */
export interface Link {
  /** For people; without secrets. */
  readonly location: string;
  readonly reachability: Reachability;
  onReachability(listener: (reachability: Reachability) => void): () => void;
  /** Starts to connect, if it has not started before. Never throws: `reachability` tells of errors. */
  open(): void;
  /**
   * Sends one command to the server that holds its first key, or to any server when it names no key. Calls of one turn
   * of the event loop travel together.
   * @throws HikyakuError `broker_unavailable`, `answer_lost`, `deadline_exceeded`, `cancelled` or `closed`;
   * RedisRefusal.
   */
  call(args: readonly Argument[], call?: CallOptions): Promise<Reply>;
  /** As `call`, for commands that must follow each other on one connection. The first one names the server. */
  callInTurn(
    commands: readonly (readonly Argument[])[],
    call?: CallOptions,
  ): Promise<readonly PromiseSettledResult<Reply>[]>;
  /**
   * Sends a transaction to the server that holds the key. `commands` are its bytes from `MULTI` to `EXEC`, with `count`
   * commands between. The reply is that of `EXEC`. It is null when the server refused the whole transaction and carried
   * out nothing.
   * @throws as `call`; RedisRefusal when one of its commands failed and the others were carried out, and RedisRefusal
   * with the word `noTransaction` when the server allows no transaction.
   */
  transact(key: string, commands: Buffer, count: number, call?: CallOptions): Promise<Reply>;
  /**
   * The server that holds the key, for commands that name no key.
   * @throws HikyakuError `broker_unavailable`.
   */
  holderOf(key: string, call?: CallOptions): Promise<Link>;
  /**
   * Every server that holds a part of the keys, in order of the parts.
   * @throws HikyakuError `broker_unavailable`.
   */
  holders(call?: CallOptions): Promise<readonly Link[]>;
  /** Closes at once. Calls under way are refused with `closed`. */
  close(): void;
}
