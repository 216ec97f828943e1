const underWay = new WeakMap<object, Map<string, Promise<unknown>>>();

/**
 * What `ask` answers; where the same was asked of this object and is not answered yet, that answer. So `ask` gets no signal of
 * whoever asks: one who does not want to wait any more leaves, and the others go on.
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
  // Whoever asks for the same gives the same function.
  if (asked !== undefined) return asked as Promise<Answer>;
  const answer = ask().finally(() => questions.delete(what));
  questions.set(what, answer);
  return answer;
}
