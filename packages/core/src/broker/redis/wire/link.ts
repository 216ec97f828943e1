import type { Reachability } from "../../broker.ts";
import type { CallOptions } from "../../call-options.ts";

/** What Redis answers to our scripts and commands: text and binary alike come as buffers, maps as names and values in turns. */
export type Reply = Buffer | number | null | Reply[];
export type Argument = string | Buffer;

/** A reply of Redis that says no, with its own first word, such as `NOSCRIPT` or `OOM`. */
export class RedisRefusal extends Error {
  override readonly name = "RedisRefusal";
  readonly word: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.word = message.split(" ", 1)[0] ?? "";
  }
}

/** Our own word for a refusal of `MULTI`: what should have been one step was carried out command by command. */
export const noTransaction = "NOMULTI";

/** Where the facets send their commands: one server, the master that sentinels name, or all masters of a cluster. */
export interface Link {
  /** For people; without secrets. */
  readonly location: string;
  readonly reachability: Reachability;
  onReachability(listener: (reachability: Reachability) => void): () => void;
  /** Starts connecting unless that was done before. Never throws: `reachability` tells. */
  open(): void;
  /**
   * Sends one command to the server that holds its first key, or to any where it names none. Calls of one turn of the
   * event loop travel together.
   * @throws HikyakuError `broker_unavailable`, `answer_lost`, `deadline_exceeded`, `cancelled` or `closed`; RedisRefusal.
   */
  call(args: readonly Argument[], call?: CallOptions): Promise<Reply>;
  /** The same for commands that must follow each other on one connection. The first one names the server. */
  callInTurn(
    commands: readonly (readonly Argument[])[],
    call?: CallOptions,
  ): Promise<readonly PromiseSettledResult<Reply>[]>;
  /**
   * Sends a transaction to the server that holds the key: `commands` are its bytes from `MULTI` to `EXEC`, with `count`
   * commands between. The reply is that of `EXEC`; null where the server refused it whole, and nothing was carried out.
   * @throws as `call`; RedisRefusal where one of its commands failed and the others were carried out, with the word
   *   `noTransaction` where the server allows none.
   */
  transact(key: string, commands: Buffer, count: number, call?: CallOptions): Promise<Reply>;
  /** The server that holds the key, for commands that name none. @throws HikyakuError `broker_unavailable`. */
  holderOf(key: string, call?: CallOptions): Promise<Link>;
  /** Every server that holds a part of the keys, in order of the parts. @throws HikyakuError `broker_unavailable`. */
  holders(call?: CallOptions): Promise<readonly Link[]>;
  /** Lets go at once; calls under way are refused with `closed`. */
  close(): void;
}
