import { createHash } from "node:crypto";
import { HikyakuError, isHikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { type Argument, type Link, RedisRefusal, type Reply } from "./wire/link.ts";
import { commandReply, type Shape, shapedReply } from "./wire/reply-shape.ts";
import { isReadOnly } from "./wire/route.ts";

/** A Lua script with its digest, by which Redis knows it. */
export interface Script {
  readonly source: string;
  readonly digest: string;
  /** The shape of its answer. */
  readonly shape: Shape;
}

export function script(source: string, shape: Shape): Script {
  return { source, digest: createHash("sha1").update(source).digest("hex"), shape };
}

/**
 * Runs a script by its digest. Sends its source when the server does not know it (yet, or any more).
 * @throws HikyakuError
 */
export async function runScript(
  connection: Link,
  { source, digest, shape }: Script,
  keys: readonly string[],
  args: readonly Argument[],
  call: CallOptions | undefined,
): Promise<Reply> {
  const tail = [String(keys.length), ...keys, ...args];
  try {
    return shapedReply("a script", shape, await connection.call(["EVALSHA", digest, ...tail], call));
  } catch (error) {
    if (!(error instanceof RedisRefusal) || error.word !== "NOSCRIPT") throw asHikyakuError(error);
  }
  try {
    return shapedReply("a script", shape, await connection.call(["EVAL", source, ...tail], call));
  } catch (error) {
    throw asHikyakuError(error);
  }
}

/**
 * Runs one command.
 * @throws HikyakuError
 */
export async function runCommand(
  connection: Link,
  args: readonly Argument[],
  call: CallOptions | undefined,
): Promise<Reply> {
  try {
    return commandReply(args, await connection.call(args, call));
  } catch (error) {
    throw asHikyakuError(error);
  }
}

/** As `runCommand`. Returns nothing when the key holds another type: that must not hide what lies beside it. */
export async function readIfType(
  connection: Link,
  args: readonly Argument[],
  call: CallOptions | undefined,
): Promise<Reply> {
  try {
    return commandReply(args, await connection.call(args, call));
  } catch (error) {
    if (error instanceof RedisRefusal && error.word === "WRONGTYPE") return null;
    throw asHikyakuError(error);
  }
}

/** What a refusal of Redis means to a caller. Only this place knows Redis' words. */
const unavailableWords: ReadonlySet<string> = new Set([
  "LOADING",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "BUSY",
  "READONLY",
  "UNBLOCKED",
  "MOVED",
  "ASK",
]);

/** What to do about a refusal, by words in it. Inside a script, servers spell the same refusal differently. */
const advice: readonly (readonly [words: RegExp, advice: string])[] = [
  [/\bOOM\b/, "Redis is out of memory: raise maxmemory or remove tasks; its maxmemory-policy must be noeviction"],
  [/\bNOAUTH\b/, "Redis wants a password: set it in the settings"],
  [/\bWRONGPASS\b/, "Redis does not accept this user name and password"],
  [
    /\bNOPERM\b|ACL failure|executing the script can't/,
    "the Redis user lacks a permission that task queues need; docs/redis-in-production.md lists them all",
  ],
  [/\bMISCONF\b/, "Redis can't write to its disk"],
  [/unknown (redis )?command/i, "the server is too old, or the command was renamed: task queues need it"],
];

export function asHikyakuError(error: unknown): Error {
  if (isHikyakuError(error)) return error;
  if (!(error instanceof RedisRefusal)) {
    return new HikyakuError("store_rejected", `expected an answer of Redis, got ${String(error)}`, { cause: error });
  }
  // An error from inside a script has a prefix of the script's own before the word of the command that failed.
  const known = advice.find(([words]) => words.test(error.message));
  const code = unavailableWords.has(error.word) || isReadOnly(error) ? "broker_unavailable" : "store_rejected";
  const hint = known === undefined ? "" : ` (${known[1]})`;
  return new HikyakuError(code, `Redis refused: ${error.message}${hint}`, { cause: error });
}
