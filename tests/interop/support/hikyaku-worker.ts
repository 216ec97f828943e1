import { errorText, type HandlerContext, Revoke, SkipRetry } from "hikyaku";
import { base64 } from "./hikyaku-told.ts";
import type { PeerEvent } from "./peer-protocol.ts";

export const notNow = new Error("not now");

/** Holds tasks by id until the tests release them. */
export class Gates {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  of(taskId: string): PromiseWithResolvers<void> {
    let gate = this.#gates.get(taskId);
    if (gate === undefined) {
      gate = Promise.withResolvers<void>();
      this.#gates.set(taskId, gate);
    }
    return gate;
  }
}

/** Tells of an attempt and does what the first word of the task's type says. */
export async function work(
  context: HandlerContext<Uint8Array>,
  { server, quiet, gates, say }: { server: string; quiet: boolean; gates: Gates; say: (event: PeerEvent) => void },
): Promise<void> {
  const { taskId, type, queue, retried, maxRetry, headers, deadline } = context;
  say({
    event: "started",
    server,
    taskId,
    type,
    queue,
    retried,
    maxRetry,
    headers,
    payload: base64(context.payload),
    deadlineAt: deadline.getTime(),
    at: Date.now(),
  });
  const returned = (error: string): void => {
    if (!quiet) say({ event: "returned", server, taskId, type, error });
  };
  try {
    await behave(context, gates);
  } catch (error) {
    returned(errorText(error));
    throw error;
  }
  returned("");
}

async function behave(context: HandlerContext<Uint8Array>, gates: Gates): Promise<void> {
  const { type, taskId, retried, payload, signal } = context;
  const [word = "", rest = ""] = type.split(":", 2);
  switch (word) {
    case "fail":
      throw new Error("boom from Hikyaku");
    case "flaky":
      if (retried < Number(rest)) throw new Error(`boom ${retried} from Hikyaku`);
      return;
    case "talk":
      context.log("said by Hikyaku", { retried });
      context.progress({ done: 1, total: 2 });
      throw new Error("boom from Hikyaku");
    case "not-now":
      throw notNow;
    case "skip":
      throw new SkipRetry("no use");
    case "revoke":
      throw new Revoke("not wanted");
    case "panic":
      throw new TypeError("dropped the letter");
    case "result":
      return context.writeResult(payload);
    case "hold":
      return Promise.race([gates.of(taskId).promise, aborted(signal)]);
    case "stubborn":
      return gates.of(taskId).promise;
    case "slow":
      return Promise.race([new Promise<void>((resolve) => setTimeout(resolve, Number(rest)).unref()), aborted(signal)]);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
