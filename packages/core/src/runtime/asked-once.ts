const underWay = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * The answer of `ask`. If the same was asked of this object and is not answered yet, all callers share that answer. So
 * `ask` gets no caller's signal: a caller that gives up leaves, and the others go on.
 * @throws the signal's reason once it fires; what `ask` throws.
 */
export async function askedOnce<Answer>(
  of: object,
  what: string,
  signal: AbortSignal | undefined,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  signal?.throwIfAborted();
  const left = Promise.withResolvers<never>();
  const leave = (): void => left.reject(signal?.reason);
  signal?.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([shared(of, what, ask), left.promise]);
  } finally {
    signal?.removeEventListener("abort", leave);
  }
}

function shared<Answer>(of: object, what: string, ask: () => Promise<Answer>): Promise<Answer> {
  const questions = underWay.get(of) ?? new Map<string, Promise<unknown>>();
  underWay.set(of, questions);
  const asked = questions.get(what);
  // The same question always comes with the same function.
  if (asked !== undefined) return asked as Promise<Answer>;
  const answer = ask().finally(() => questions.delete(what));
  questions.set(what, answer);
  return answer;
}
