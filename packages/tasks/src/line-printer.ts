import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { errorText } from "hikyaku";

const firstPauseMs = 1;
const longestPauseMs = 50;

/**
 * Writes whole lines to a file descriptor, past all buffers of this process. When `print` resolves, the reader at the
 * other end can see the line, even through a file or a pipe. Lines never mix. A slow reader is waited for. A reader
 * that went away is an error of the line, not of the process.
 */
export class LinePrinter {
  readonly #descriptor: number;
  #last: Promise<unknown> = Promise.resolve();
  /** Whether a line was given up half way, so that the next one must not be joined to it. */
  #cutShort = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Prints one line after those that were asked for before. `text` must not contain line breaks.
   * @throws Error when the line can't be written; the reason of the signal when it fires meanwhile.
   */
  print(text: string, signal: AbortSignal): Promise<void> {
    const printed = this.#last.then(() => this.#write(text, signal));
    this.#last = printed.catch(() => undefined);
    return printed;
  }

  async #write(text: string, signal: AbortSignal): Promise<void> {
    const bytes = Buffer.from(`${this.#cutShort ? "\n" : ""}${text}\n`, "utf8");
    let written = 0;
    let pauseMs = firstPauseMs;
    while (written < bytes.length) {
      signal.throwIfAborted();
      const count = this.#writeSome(bytes.subarray(written));
      written += count;
      if (written > 0) this.#cutShort = written < bytes.length;
      if (count > 0) pauseMs = firstPauseMs;
      else {
        await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  /** How many bytes the descriptor took: none when it is a full pipe. */
  #writeSome(bytes: Uint8Array): number {
    try {
      return writeSync(this.#descriptor, bytes);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN" || code === "EINTR") return 0;
      const where = this.#descriptor === 1 ? "stdout" : `file descriptor ${this.#descriptor}`;
      const why = code === "EPIPE" ? "whoever read it has closed it" : errorText(error);
      throw new Error(`the line can't be written to ${where}: ${why}`, { cause: error });
    }
  }
}
