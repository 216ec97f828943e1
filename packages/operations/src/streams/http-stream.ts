import { visibleLines } from "hikyaku";

/** The body of an answer that is sent part by part, as fast as its reader takes it. */
export interface HttpStream {
  /** Begin to read it once at most. Ends when there is nothing more, and when the stream is cancelled. */
  readonly parts: AsyncIterable<string>;
  /** Ends it and frees what it holds, whether it was begun or not. */
  cancel(): void;
}

/** A reader that takes nothing for so long while parts wait for it is hung up on. */
export const STUCK_MS = 20_000;

export interface StreamSource {
  readonly parts: AsyncIterable<string>;
  /** Has `parts` end. */
  readonly end: () => void;
  /** Called once, when the stream is over. */
  readonly over: () => void;
  /** Called with what `parts` threw. */
  readonly failed: (error: unknown) => void;
}

/** Makes a stream of what a handler gives. A failure ends the stream: its head was sent already. */
export function httpStream({ parts, end, over, failed }: StreamSource): HttpStream {
  async function* sent(): AsyncGenerator<string> {
    try {
      // People read answers with curl, in a terminal that obeys the text that it shows.
      for await (const part of parts) yield visibleLines(part);
    } catch (error) {
      failed(error);
      throw error;
    } finally {
      over();
    }
  }
  const iterable = sent();
  return {
    parts: iterable,
    cancel: () => {
      end();
      // A generator that has not begun runs nothing of its own when it is ended.
      void iterable.return(undefined).then(over, over);
    },
  };
}
