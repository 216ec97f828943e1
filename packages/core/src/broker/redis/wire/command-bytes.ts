import { HikyakuError } from "../../../errors.ts";
import { shown } from "../../../option-names.ts";
import type { Argument } from "./link.ts";

/** A longer argument stays a buffer of its own. A shorter one is copied between its neighbours. */
const copiedUpTo = 4_096;

/**
 * The commands to write next. They are gathered as text of one byte a character: a socket writes such text without a
 * buffer of its own. Long binary arguments stay the buffers that they are.
 */
export class CommandBytes {
  #buffers: Buffer[] = [];
  #text = "";
  #inBuffers = 0;

  /** How many bytes were gathered. */
  get size(): number {
    return this.#inBuffers + this.#text.length;
  }

  /**
   * Adds a command as an array of bulk strings: https://redis.io/docs/latest/develop/reference/protocol-spec/
   * @throws HikyakuError `invalid_option` for an argument that is neither text nor a buffer; RangeError when it gets too
   * long. Nothing is added then.
   */
  add(args: readonly Argument[]): void {
    const buffers: Buffer[] = [];
    let text = `${this.#text}*${args.length}\r\n`;
    for (const arg of args) {
      if (typeof arg === "string") {
        const size = Buffer.byteLength(arg);
        text += `$${size}\r\n${size === arg.length ? arg : Buffer.from(arg).toString("latin1")}\r\n`;
      } else if (!Buffer.isBuffer(arg)) {
        // A caller without types. What can't be written would end the process, or be taken for another command.
        throw new HikyakuError("invalid_option", `expected text or bytes for Redis, got ${shown(arg)}`);
      } else if (arg.length <= copiedUpTo) {
        text += `$${arg.length}\r\n${arg.toString("latin1")}\r\n`;
      } else {
        buffers.push(Buffer.from(`${text}$${arg.length}\r\n`, "latin1"), arg);
        text = "\r\n";
      }
    }
    // Only now, because a command that can't be written must leave no half of itself behind.
    this.#text = text;
    for (const buffer of buffers) this.#push(buffer);
  }

  /** Adds whole commands that are already encoded. */
  addWritten(commands: Buffer): void {
    if (commands.length <= copiedUpTo) {
      this.#text += commands.toString("latin1");
      return;
    }
    if (this.#text !== "") this.#push(Buffer.from(this.#text, "latin1"));
    this.#push(commands);
    this.#text = "";
  }

  /** Returns what was gathered and begins anew. */
  take(): { readonly buffers: readonly Buffer[]; readonly text: string } {
    const taken = { buffers: this.#buffers, text: this.#text };
    this.#buffers = [];
    this.#text = "";
    this.#inBuffers = 0;
    return taken;
  }

  #push(buffer: Buffer): void {
    this.#buffers.push(buffer);
    this.#inBuffers += buffer.length;
  }
}
