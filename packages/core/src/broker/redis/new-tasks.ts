import { ByteWriter } from "../../codec/byte-writer.ts";
import { writeTaskMessage } from "../../codec/task-codec.ts";
import { errorText, HikyakuError } from "../../errors.ts";
import { taskIdLength } from "../../task/task-id.ts";
import type { CallOptions } from "../call-options.ts";
import type { EnqueueItem } from "../enqueue-facet.ts";
import { besideMessage } from "./beside-message.ts";
import type { QueueKeys } from "./keys.ts";
import { nanoseconds } from "./redis-context.ts";
import { asHikyakuError } from "./run-script.ts";
import { type Link, noTransaction, RedisRefusal, type Reply } from "./wire/link.ts";
import { mustBeNumbers } from "./wire/reply-shape.ts";

/** With so many bytes, one transaction takes less than some 2 ms. */
const mostBytes = 256 * 1_024;
const usualBytes = 131_072;
const mostSpare = 4;

/**
 * Writes pending tasks under ids that nobody can have used before, in a transaction. Nothing has to be looked up for
 * them, so Redis has two thirds of the work that the script for all other tasks makes.
 *
 * A server that does not allow this user transactions is sent none: it would carry out each command by itself.
 */
export class NewTasks {
  readonly #link: Link;
  readonly #message = new ByteWriter(1_024);
  /** Buffers that were written to the server are used again: new memory costs more than filling it. */
  readonly #spare: ByteWriter[] = [];
  #isAllowed: boolean | undefined;
  #isAsking = false;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Whether these items can be written so. The first ones can't, because the server is being asked meanwhile. */
  suits(items: readonly EnqueueItem[]): boolean {
    if (this.#isAllowed === false || !items.every(isNewAndWaits)) return false;
    if (this.#isAllowed === undefined && !this.#isAsking) void this.#ask();
    return this.#isAllowed === true;
  }

  /**
   * Writes items from `from` on, as many as fit into one transaction. Returns where the next ones begin. That is `from`
   * when the server refused; nothing was written then.
   * @throws HikyakuError
   */
  async write(
    keys: QueueKeys,
    items: readonly EnqueueItem[],
    from: number,
    now: number,
    call: CallOptions | undefined,
  ): Promise<number> {
    const writer = this.#spare.pop() ?? new ByteWriter(usualBytes);
    const ids: string[] = [];
    this.#writeAll(writer, keys, items, from, nanoseconds(now), ids);
    const commands = writer.finish();
    let reply: Reply;
    try {
      reply = await this.#link.transact(keys.pending, commands, ids.length + 1, call);
    } catch (error) {
      if (!(error instanceof RedisRefusal)) throw error;
      if (error.word === noTransaction) throw this.#carriedOutOneByOne(error);
      throw await this.#takenBack(keys, ids, error, call);
    }
    if (commands.length <= usualBytes && this.#spare.length < mostSpare) {
      writer.reuse();
      this.#spare.push(writer);
    }
    if (reply === null) return from;
    mustBeNumbers("a transaction", ids.length + 1, reply);
    return from + ids.length;
  }

  #writeAll(
    writer: ByteWriter,
    keys: QueueKeys,
    items: readonly EnqueueItem[],
    from: number,
    nowNs: string,
    ids: string[],
  ): void {
    const before = Buffer.from(`*8\r\n$4\r\nHSET\r\n$${Buffer.byteLength(keys.task) + taskIdLength}\r\n${keys.task}`);
    const behind = Buffer.from(`\r\n${bulk("state")}${bulk("pending")}${bulk("pending_since")}${bulk(nowNs)}`);
    let between = behind;
    let betweenIsFor = -1;
    writer.text("*1\r\n$5\r\nMULTI\r\n");
    for (let index = from; index < items.length && (index === from || writer.length < mostBytes); index++) {
      const message = items[index]?.message;
      if (message === undefined) break;
      this.#message.reuse();
      writeTaskMessage(this.#message, message);
      const size = this.#message.length;
      if (size !== betweenIsFor) {
        between = Buffer.from(`\r\n${bulk("msg")}$${size}\r\n`);
        betweenIsFor = size;
      }
      writer.bytes(before);
      writer.text(message.id);
      writer.bytes(between);
      writer.append(this.#message);
      writer.bytes(behind);
      ids.push(message.id);
    }
    const idHead = `$${taskIdLength}\r\n`;
    writer.text(`*${ids.length + 2}\r\n${bulk("LPUSH")}${bulk(keys.pending)}`);
    writer.text(`${idHead}${ids.join(`\r\n${idHead}`)}\r\n*1\r\n${bulk("EXEC")}`);
  }

  /**
   * One command of a transaction was refused and the others were carried out: the key of the pending list holds
   * something else, or a permission was taken away just then. An id in the list without a body is no task, so it is
   * enough to remove the bodies.
   */
  async #takenBack(
    keys: QueueKeys,
    ids: readonly string[],
    refusal: RedisRefusal,
    call: CallOptions | undefined,
  ): Promise<Error> {
    try {
      await this.#link.call(["DEL", ...ids.map((id) => keys.task + id)], call);
      return asHikyakuError(refusal);
    } catch (error) {
      const text = `Redis refused one command of a transaction (${refusal.message}), and what the others wrote could not be taken back`;
      return new HikyakuError("answer_lost", `${text}: the tasks may be stored: ${errorText(error)}`, {
        cause: refusal,
      });
    }
  }

  /** The permission was taken away after we asked. */
  #carriedOutOneByOne(refusal: RedisRefusal): HikyakuError {
    this.#isAllowed = false;
    const text = `Redis refused a transaction, but not the commands in it: the tasks may be stored: ${refusal.message}`;
    return new HikyakuError("answer_lost", text, { cause: refusal });
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const answers = await this.#link.callInTurn([["MULTI"], ["EXEC"]]).catch(() => []);
    this.#isAsking = false;
    const refused = answers.some((answer) => answer.status === "rejected" && answer.reason instanceof RedisRefusal);
    if (refused) this.#isAllowed = false;
    else if (answers.length > 0 && answers.every(({ status }) => status === "fulfilled")) this.#isAllowed = true;
  }
}

/** Whether only the message has to be written, and the id at the end of the line. */
function isNewAndWaits({ message, hasNewId, placement, uniqueForMs }: EnqueueItem): boolean {
  return (
    hasNewId === true && placement.kind === "now" && uniqueForMs === undefined && besideMessage(message) === undefined
  );
}

/** A text as an argument of a command. */
function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
