/** The answer did not come in time. The work itself may still be going on. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  constructor(what: string, timeoutMs: number) {
    super(`${what}: no answer within ${timeoutMs} ms`);
  }
}

/** Settles as `work` does, or rejects with a DeadlineError after `timeoutMs`; `what` names the work in its message. */
export async function withDeadline<Value>(what: string, timeoutMs: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
