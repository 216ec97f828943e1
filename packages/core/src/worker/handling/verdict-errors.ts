/** Thrown by a handler: this attempt failed, and no other should be made. The task is archived, retries left or not. */
export class SkipRetry extends Error {
  override readonly name = "SkipRetry";

  constructor(message = "skip retry for the task", options?: ErrorOptions) {
    super(message, options);
  }
}

/** Thrown by a handler: the task is not wanted any more. It is removed as if it had succeeded, without a result. */
export class Revoke extends Error {
  override readonly name = "Revoke";

  constructor(message = "revoke task", options?: ErrorOptions) {
    super(message, options);
  }
}

const longestChain = 10;

/** Whether the thrown value, or one of its causes, is a `SkipRetry`; also one of another copy of the package. */
export function isSkipRetry(thrown: unknown): boolean {
  return isNamed(thrown, "SkipRetry");
}

/** Whether the thrown value, or one of its causes, is a `Revoke`; also one of another copy of the package. */
export function isRevoke(thrown: unknown): boolean {
  return isNamed(thrown, "Revoke");
}

function isNamed(thrown: unknown, name: string): boolean {
  let error = thrown;
  try {
    for (let depth = 0; depth < longestChain && error instanceof Error; depth++) {
      if (error.name === name) return true;
      error = error.cause;
    }
  } catch {
    // A value that can't be looked at is neither of the two.
  }
  return false;
}
