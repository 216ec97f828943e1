import type { ServerResponse } from "node:http";

/** A constant: the default would be an error with a stack, which costs more than the rest of a request. */
const reason = "whoever asked has gone";

/** Fires when the caller has gone before the answer was sent. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort(reason);
  });
  return gone.signal;
}
