/** How calls are made. */
export interface CallPolicy {
  readonly fetch: typeof fetch;
  /** How long one try may take, in milliseconds: see `tryOnce`. */
  readonly timeoutMs: number;
  /** How often a call is tried at most. */
  readonly tries: number;
  /** Waits so many milliseconds. Rejects when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
}

/** After these the server, or what stands before it, may answer soon. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** The addresses that know the `Idempotency-Key`. Elsewhere it protects nothing. */
const knowsKey = /\/(?:types|queues)\/[^/]+\/tasks$/;

/**
 * A `fetch` that gives up after a time, and tries again what can be repeated without harm: reads, and the enqueueing of
 * one task with an `Idempotency-Key`. It waits as long as the server says, otherwise ever longer with jitter.
 */
export function retryingFetch(policy: CallPolicy): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const tries = isRepeatable(request) ? policy.tries : 1;
    for (let tried = 1; ; tried++) {
      const isLast = tried >= tries;
      // A body can be sent once only.
      const answer = await tryOnce(policy, isLast ? request : request.clone()).catch((error: unknown) => {
        if (isLast || request.signal.aborted) throw error;
        return undefined;
      });
      if (answer !== undefined && (isLast || !passing.has(answer.status))) return answer;
      await answer?.body?.cancel();
      await policy.sleep(pauseMs(answer, tried, policy.random()), request.signal);
    }
  };
}

function isRepeatable({ method, url, headers }: Request): boolean {
  if (method === "GET" || method === "HEAD") return true;
  return method === "POST" && headers.has("idempotency-key") && knowsKey.test(new URL(url).pathname);
}

/** The time is for a whole answer in JSON. Of others, such as events, it is for the beginning only. */
async function tryOnce({ fetch, timeoutMs }: CallPolicy, request: Request): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer came within ${timeoutMs} ms`)), timeoutMs);
  try {
    const answer = await fetch(new Request(request, { signal: AbortSignal.any([request.signal, late.signal]) }));
    if (!/[/+]json\b/.test(answer.headers.get("content-type") ?? "")) return answer;
    const { status, headers } = answer;
    return new Response(await answer.text(), { status, headers });
  } finally {
    clearTimeout(timer);
  }
}

function pauseMs(answer: Response | undefined, tried: number, random: number): number {
  const said = Number(answer?.headers.get("retry-after") ?? Number.NaN) * 1_000;
  if (said >= 0) return Math.min(said, longestPauseMs);
  return Math.min(firstPauseMs * 2 ** (tried - 1), longestPauseMs) * (0.5 + random / 2);
}
