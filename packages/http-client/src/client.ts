import { createClient, createConfig } from "./generated/client/index.ts";
import { GeneratedOperations } from "./generated/sdk.gen.ts";
import { callErrorOf } from "./problem-error.ts";
import { retryingFetch } from "./retrying-fetch.ts";

export interface OperationsClientOptions {
  /** Where the operations lie, such as `https://queue.example/api/v1`. */
  readonly base: string;
  /** Sent as `Authorization: Bearer <key>`. Default: none. */
  readonly key?: string;
  /** Default: the global one. A server in this process can be called without a network by its own. */
  readonly fetch?: typeof fetch;
  /** How long one try may take, in milliseconds; for events until they begin. Default 45000: some calls wait for 25 s. */
  readonly timeoutMs?: number;
  /** How often a read, or enqueueing one task with an `Idempotency-Key`, is tried at most. Default 3; others never are. */
  readonly tries?: number;
}

/** All endpoints of the operations as methods. Each resolves with `data` and `response`, or rejects with a `CallError`. */
export type OperationsClient = GeneratedOperations;

/** @throws TypeError for a base that is no address. */
export function operationsClient(options: OperationsClientOptions): OperationsClient {
  const { base, key, timeoutMs = 45_000, tries = 3 } = options;
  const client = createClient(
    createConfig({
      baseUrl: new URL(base).href.replace(/\/+$/, ""),
      auth: key,
      throwOnError: true,
      fetch: retryingFetch({
        fetch: options.fetch ?? globalThis.fetch,
        timeoutMs,
        tries,
        sleep,
        random: Math.random,
      }),
    }),
  );
  client.interceptors.error.use((error, response) => callErrorOf(error, response));
  return new GeneratedOperations({ client });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
