const newline = 10;
const minus = 45;
const [bulk, blobError, verbatim] = [36, 33, 61];
const [array, set, push, map, attribute] = [42, 126, 62, 37, 124];
const errorType = 45;

/**
 * Finds where messages of Redis' protocol end, in either direction and in pieces of any size, without making anything of
 * what is in them.
 */
export class RespSkimmer {
  messages = 0;
  errors = 0;
  #remaining = 1;
  #skip = 0;
  #partial: Buffer = Buffer.alloc(0);

  /** `onEnd` hears of each message that ends in this piece, with the offset behind it. */
  feed(piece: Buffer, onEnd?: (offset: number) => void): void {
    let at = 0;
    let chunk = piece;
    let shift = 0;
    if (this.#partial.length > 0) {
      shift = this.#partial.length;
      chunk = Buffer.concat([this.#partial, piece]);
      this.#partial = Buffer.alloc(0);
    }
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at);
        this.#skip -= step;
        at += step;
      } else {
        const end = chunk.indexOf(newline, at);
        if (end === -1) {
          this.#partial = Buffer.from(chunk.subarray(at));
          return;
        }
        this.#header(chunk, at);
        at = end + 1;
      }
      if (this.#remaining === 0 && this.#skip === 0) {
        this.messages++;
        this.#remaining = 1;
        onEnd?.(at - shift);
      }
    }
  }

  #header(chunk: Buffer, at: number): void {
    const type = chunk[at];
    this.#remaining--;
    if (type === bulk || type === blobError || type === verbatim) {
      const length = numberAt(chunk, at + 1);
      if (length >= 0) this.#skip = length + 2;
    } else if (type === array || type === set || type === push) {
      this.#remaining += Math.max(0, numberAt(chunk, at + 1));
    } else if (type === map) {
      this.#remaining += 2 * numberAt(chunk, at + 1);
    } else if (type === attribute) {
      this.#remaining += 2 * numberAt(chunk, at + 1) + 1;
    }
    if (type === errorType || type === blobError) this.errors++;
  }
}

function numberAt(chunk: Buffer, from: number): number {
  let value = 0;
  let at = from;
  const negative = chunk[at] === minus;
  if (negative) at++;
  for (let digit = chunk[at] ?? 0; digit >= 48 && digit <= 57; digit = chunk[++at] ?? 0)
    value = value * 10 + digit - 48;
  return negative ? -value : value;
}

/** The messages of a whole stream, each as its bytes. */
export function messagesOf(stream: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let from = 0;
  new RespSkimmer().feed(stream, (offset) => {
    messages.push(stream.subarray(from, offset));
    from = offset;
  });
  return messages;
}

/** The words of a command as a client writes it. */
export function wordsOf(command: Buffer, most: number): string[] {
  const words: string[] = [];
  for (let at = command.indexOf(newline) + 1; at < command.length && words.length < most; ) {
    const length = numberAt(command, at + 1);
    const from = command.indexOf(newline, at) + 1;
    words.push(command.toString("latin1", from, from + length));
    at = from + length + 2;
  }
  return words;
}
