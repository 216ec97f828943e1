import { type HttpStream, STUCK_MS } from "../streams/http-stream.ts";

/** A stream as servers of the web's `Response` send it. Fails where its reader takes nothing for too long. */
export function webStream(stream: HttpStream, stuckMs = STUCK_MS): ReadableStream<Uint8Array> {
  const iterator = stream.parts[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let stuck: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream({
    async pull(controller) {
      clearTimeout(stuck);
      const { done, value } = await iterator.next();
      if (done === true) {
        controller.close();
        return;
      }
      controller.enqueue(encoder.encode(value));
      if ((controller.desiredSize ?? 0) > 0) return;
      stuck = setTimeout(() => {
        stream.cancel();
        controller.error(new Error("the reader of a stream took nothing for too long"));
      }, stuckMs);
      if (typeof stuck === "object") stuck.unref();
    },
    cancel() {
      clearTimeout(stuck);
      stream.cancel();
    },
  });
}
