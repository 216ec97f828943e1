import { RedisRefusal, type Reply } from "./link.ts";

const carriageReturn = 13;
const newline = 10;
const minus = 45;
const zero = 48;
const nine = 57;
/** Redis' own limit (`proto-max-bulk-len`). */
const longestText = 512 * 1_024 * 1_024;
const longestLine = 65_536;
/** The answers of Redis' commands are a few levels deep. */
const deepest = 64;

/** The answer to each command in a transaction. */
const queuedLine = Buffer.from("+QUEUED\r\n");
const queued = queuedLine.subarray(1, -2);

type Kind = "list" | "push" | "attribute";

/** A list that still lacks elements. */
interface OpenList {
  readonly kind: Kind;
  readonly items: Reply[];
  readonly outer: OpenList | undefined;
  readonly depth: number;
  missing: number;
  refusal: RedisRefusal | undefined;
}

/**
 * Makes replies from bytes, in RESP 2 and 3. The bytes may come in pieces of any size:
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 *
 * - Text and binary values are buffers. They may share memory with the piece that they came in.
 * - Sets are lists. Maps are lists too: name, value, name, value.
 * - A boolean is 1 or 0.
 * - A refusal inside a list makes the whole reply a refusal.
 * - Attributes are left out.
 */
export class ReplyDecoder {
  readonly #onReply: (reply: Reply | RedisRefusal) => void;
  readonly #onPush: (items: readonly Reply[]) => void;
  /** The beginning of a line that has not ended. */
  #line: Buffer | undefined;
  /** A text that has not ended, with room for the line end behind it. */
  #text: Buffer | undefined;
  #textType = 0;
  #filled = 0;
  #list: OpenList | undefined;
  /** The last number that `#number` read. */
  #value = 0;

  constructor(onReply: (reply: Reply | RedisRefusal) => void, onPush: (items: readonly Reply[]) => void) {
    this.#onReply = onReply;
    this.#onPush = onPush;
  }

  /** @throws Error when the bytes are not Redis' protocol. Nothing can be read after that. */
  feed(piece: Buffer): void {
    let chunk = piece;
    let at = 0;
    if (this.#text !== undefined) {
      at = this.#fill(this.#text, piece, 0);
    } else if (this.#line !== undefined) {
      chunk = Buffer.concat([this.#line, piece]);
      this.#line = undefined;
    }
    while (at < chunk.length) {
      const next = this.#element(chunk, at);
      if (next === -1) {
        this.#line = chunk.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** Reads the element at `at`. Returns where the next one begins, or -1 when the line has not ended. */
  #element(chunk: Buffer, at: number): number {
    const type = chunk[at];
    switch (type) {
      case 36: // $ text
      case 61: // = text with its kind before it
      case 33: // ! long refusal
        return this.#startText(chunk, at, type);
      case 58: {
        // : number
        const next = this.#number(chunk, at);
        if (next !== -1) this.#put(this.#value, undefined);
        return next;
      }
      case 42: // * list
      case 126: // ~ set
        return this.#startList(chunk, at, "list", 1);
      case 37: // % map
        return this.#startList(chunk, at, "list", 2);
      case 62: // > push
        return this.#startList(chunk, at, "push", 1);
      case 124: // | attribute
        return this.#startList(chunk, at, "attribute", 2);
      case 95: // _ nothing
        // A shortcut, because several of these come with each task.
        if (chunk[at + 1] !== carriageReturn || chunk[at + 2] !== newline) return this.#wholeLine(chunk, at, type);
        this.#put(null, undefined);
        return at + 3;
      case 43: // + short text
      case 45: // - refusal
      case 44: // , number with a fraction
      case 40: // ( large number
      case 35: // # boolean
        return this.#wholeLine(chunk, at, type);
      default:
        throw noRedis(chunk, at);
    }
  }

  #startText(chunk: Buffer, at: number, type: number): number {
    const from = this.#number(chunk, at);
    if (from === -1) return -1;
    const length = this.#value;
    if (length < 0) {
      this.#put(null, undefined);
      return from;
    }
    if (length > longestText) throw noRedis(chunk, at);
    const end = from + length;
    if (end + 2 <= chunk.length) {
      if (chunk[end] !== carriageReturn) throw noRedis(chunk, end);
      this.#putText(chunk.subarray(from, end), type);
      return end + 2;
    }
    this.#text = Buffer.allocUnsafeSlow(length + 2);
    this.#textType = type;
    this.#filled = 0;
    return this.#fill(this.#text, chunk, from);
  }

  /** Goes on with a text. Returns where the next element begins. */
  #fill(text: Buffer, chunk: Buffer, from: number): number {
    const copied = chunk.copy(text, this.#filled, from);
    this.#filled += copied;
    if (this.#filled === text.length) {
      if (text[text.length - 2] !== carriageReturn) throw noRedis(text, text.length - 2);
      this.#text = undefined;
      this.#putText(text.subarray(0, -2), this.#textType);
    }
    return from + copied;
  }

  #putText(text: Buffer, type: number): void {
    if (type === 36) this.#put(text, undefined);
    else if (type === 61) this.#put(text.subarray(4), undefined);
    else this.#put(null, new RedisRefusal(text.toString()));
  }

  #startList(chunk: Buffer, at: number, kind: Kind, perElement: number): number {
    const next = this.#number(chunk, at);
    if (next === -1) return -1;
    const missing = this.#value * perElement;
    const depth = (this.#list?.depth ?? 0) + 1;
    if (depth > deepest) throw noRedis(chunk, at);
    if (missing > 0) {
      this.#list = { kind, items: [], outer: this.#list, depth, missing, refusal: undefined };
    } else if (kind !== "attribute") {
      this.#put(missing < 0 ? null : [], undefined);
    }
    return next;
  }

  #wholeLine(chunk: Buffer, at: number, type: number): number {
    // A shortcut, because a transaction brings hundreds of these.
    if (isAt(chunk, at, queuedLine)) {
      this.#put(queued, undefined);
      return at + queuedLine.length;
    }
    const end = chunk.indexOf(carriageReturn, at);
    if ((end === -1 ? chunk.length : end) - at > longestLine) throw noRedis(chunk, at);
    if (end === -1 || end + 1 === chunk.length) return -1;
    if (chunk[end + 1] !== newline) throw noRedis(chunk, at);
    const line = chunk.subarray(at + 1, end);
    if (type === 45) this.#put(null, new RedisRefusal(line.toString()));
    else if (type === 95) this.#put(null, undefined);
    else if (type === 35) this.#put(line[0] === 116 ? 1 : 0, undefined);
    else if (type === 44) this.#put(fractionOf(line.toString("latin1")), undefined);
    else this.#put(line, undefined);
    return end + 2;
  }

  /** Reads the number after the type at this place into `#value`. Returns where the next line begins, or -1. */
  #number(chunk: Buffer, at: number): number {
    let index = at + 1;
    const isNegative = chunk[index] === minus;
    if (isNegative) index++;
    let value = 0;
    for (; index < chunk.length; index++) {
      const byte = chunk[index] ?? 0;
      if (byte < zero || byte > nine) {
        if (byte !== carriageReturn) throw noRedis(chunk, at);
        if (index + 1 === chunk.length) return -1;
        if (chunk[index + 1] !== newline) throw noRedis(chunk, at);
        this.#value = isNegative ? -value : value;
        return index + 2;
      }
      value = value * 10 + byte - zero;
    }
    if (index - at > 32) throw noRedis(chunk, at);
    return -1;
  }

  /** Adds a finished element: it is a whole reply, or the next element of the open list, which it may finish. */
  #put(element: Reply, refused: RedisRefusal | undefined): void {
    let value = element;
    let refusal = refused;
    for (let list = this.#list; list !== undefined; list = list.outer) {
      list.items.push(value);
      list.refusal ??= refusal;
      list.missing--;
      if (list.missing > 0) return;
      this.#list = list.outer;
      if (list.kind === "attribute") return;
      if (list.kind === "push" && list.outer === undefined) {
        this.#onPush(list.items);
        return;
      }
      value = list.items;
      refusal = list.refusal;
    }
    this.#onReply(refusal ?? value);
  }
}

function fractionOf(text: string): number {
  if (text === "inf") return Number.POSITIVE_INFINITY;
  if (text === "-inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

function noRedis(chunk: Buffer, at: number): Error {
  const shown = chunk.subarray(at, at + 24).toString("latin1");
  return new Error(`expected an answer of Redis, got ${JSON.stringify(shown)}`);
}

function isAt(chunk: Buffer, at: number, line: Buffer): boolean {
  for (let index = 0; index < line.length; index++) if (chunk[at + index] !== line[index]) return false;
  return true;
}
