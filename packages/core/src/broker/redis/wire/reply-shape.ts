import { HikyakuError } from "../../../errors.ts";
import type { Argument, Reply } from "./link.ts";
import { isText } from "./reply.ts";

/** What a reply can be. `outcome`: a number or a text. */
export type Shape = "list" | "number" | "text" | "text or nothing" | "outcome" | "OK or nothing" | "PONG";

const fits: Readonly<Record<Shape, (reply: Reply) => boolean>> = {
  list: Array.isArray,
  number: (reply) => typeof reply === "number",
  text: Buffer.isBuffer,
  "text or nothing": (reply) => reply === null || Buffer.isBuffer(reply),
  outcome: (reply) => typeof reply === "number" || Buffer.isBuffer(reply),
  PONG: (reply) => isWord(reply, "PONG"),
  "OK or nothing": (reply) => reply === null || isOk(reply),
};

/** The shape of the answer to each command that we send on its own. */
const shapeOfCommand: Readonly<Record<string, Shape>> = {
  BLMOVE: "text or nothing",
  CONFIG: "list",
  DEL: "number",
  EXISTS: "number",
  EXPIRE: "number",
  GET: "text or nothing",
  GETDEL: "text or nothing",
  HDEL: "number",
  HGET: "text or nothing",
  HKEYS: "list",
  HMGET: "list",
  HVALS: "list",
  INFO: "text",
  LRANGE: "list",
  LREM: "number",
  MGET: "list",
  PING: "PONG",
  PTTL: "number",
  PUBLISH: "number",
  SADD: "number",
  SCAN: "list",
  SET: "OK or nothing",
  SISMEMBER: "number",
  SMEMBERS: "list",
  SREM: "number",
  SSCAN: "list",
  TIME: "list",
  TYPE: "text",
  UNLINK: "number",
  XRANGE: "list",
  XREVRANGE: "list",
  ZADD: "number",
  ZCARD: "number",
  ZRANGE: "list",
  ZREM: "number",
  ZREMRANGEBYSCORE: "number",
  ZSCAN: "list",
};

/**
 * Returns the reply if it can be one to this command. A server that answers anything else is no Redis, or lies: nobody
 * knows what it did with the call.
 * @throws HikyakuError `answer_lost`.
 */
export function commandReply(args: readonly Argument[], reply: Reply): Reply {
  const command = String(args[0]);
  const shape = shapeOfCommand[command];
  return shape === undefined ? reply : shapedReply(command, shape, reply);
}

/**
 * As `commandReply`, when the shape is known.
 * @throws HikyakuError `answer_lost`.
 */
export function shapedReply(what: string, shape: Shape, reply: Reply): Reply {
  if (!fits[shape](reply)) throw noAnswerTo(what, shape, reply);
  return reply;
}

/** @throws HikyakuError `answer_lost` when it is not a list of `count` numbers. */
export function mustBeNumbers(what: string, count: number, reply: Reply): void {
  const areThere = Array.isArray(reply) && reply.length === count && reply.every(fits.number);
  if (!areThere) throw noAnswerTo(what, `${count} numbers`, reply);
}

/** The error for a reply that does not answer what was asked. */
export function noAnswerTo(what: string, expected: string, reply: Reply): HikyakuError {
  return new HikyakuError(
    "answer_lost",
    `expected Redis to answer ${what} with: ${expected}, got ${shown(reply)}; what was asked may have been carried out. ` +
      "Look whether it is a Redis that answers there",
  );
}

export function isOk(reply: Reply): boolean {
  return isWord(reply, "OK");
}

function isWord(reply: Reply, word: string): boolean {
  return Buffer.isBuffer(reply) && isText(reply, word);
}

/** A reply of any kind, for people, cut short. */
export function shown(reply: Reply): string {
  if (Array.isArray(reply)) return `a list of ${reply.length}`;
  if (!Buffer.isBuffer(reply)) return reply === null ? "nothing" : String(reply);
  return JSON.stringify(reply.subarray(0, 40).toString("latin1"));
}
