import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { type HttpStream, STUCK_MS } from "../streams/http-stream.ts";

const bufferedBytes = 16_384;

/**
 * A stream as Node's servers send it. Ends with an error where its reader takes nothing for too long. Its connection
 * ends with it: a server that stops ends the streams, and would then wait for a connection that is kept for more.
 */
export function nodeStream(
  stream: HttpStream,
  response: Pick<ServerResponse, "shouldKeepAlive">,
  stuckMs = STUCK_MS,
): Readable {
  response.shouldKeepAlive = false;
  const iterator = stream.parts[Symbol.asyncIterator]();
  let stuck: NodeJS.Timeout | undefined;
  return new Readable({
    highWaterMark: bufferedBytes,
    read() {
      clearTimeout(stuck);
      iterator.next().then(
        ({ done, value }) => {
          // Read again as soon as there is room.
          const hasRoom = this.push(done === true ? null : value);
          if (!hasRoom && done !== true) stuck = setTimeout(() => this.destroy(stuckError()), stuckMs).unref();
        },
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      clearTimeout(stuck);
      stream.cancel();
      callback(error);
    },
  });
}

function stuckError(): Error {
  return new Error("the reader of a stream took nothing for too long");
}
