import { EVENT_COMMENT_SECONDS } from "@hikyaku/contract";
import type { WatchedEvent } from "hikyaku";
import { presentEvent } from "../presenters/event.ts";

/** How long a browser waits before it comes back. */
const retryMs = 3_000;

/** Many readers get the same event, and its text is made once. */
const texts = new WeakMap<WatchedEvent, string>();

/** Events as text of the kind `text/event-stream`, with a comment after each `commentMs` of silence. */
export async function* eventFrames(
  events: AsyncIterator<WatchedEvent>,
  commentMs = EVENT_COMMENT_SECONDS * 1_000,
): AsyncGenerator<string> {
  try {
    yield `retry: ${retryMs}\n\n`;
    for (;;) {
      const coming = awaited(events.next());
      let next = await coming.within(commentMs);
      for (; next === "late"; next = await coming.within(commentMs)) yield ":\n\n";
      if (next.done === true) return;
      yield frameOf(next.value);
    }
  } finally {
    void events.return?.();
  }
}

function frameOf(event: WatchedEvent): string {
  let text = texts.get(event);
  if (text === undefined) {
    text = `id: ${event.position}\nevent: ${event.kind}\ndata: ${JSON.stringify(presentEvent(event))}\n\n`;
    texts.set(event, text);
  }
  return text;
}

/** A promise that can be waited for again and again, for a while each time, without keeping anything of each wait. */
function awaited<Value>(promise: Promise<Value>): { within(ms: number): Promise<Value | "late"> } {
  let settled: Promise<Value> | undefined;
  let wake: (() => void) | undefined;
  const arrived = (): void => {
    settled = promise;
    wake?.();
  };
  promise.then(arrived, arrived);
  return {
    within: async (ms) => {
      if (settled === undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return settled ?? "late";
    },
  };
}
