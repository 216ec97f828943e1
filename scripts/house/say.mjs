/** Tells the person at the terminal something, on stderr. */
export function say(/** @type {string} */ message) {
  process.stderr.write(`hikyaku: ${message}\n`);
}

/**
 * Runs `work`, and shows what a person has to put right as its message alone, with its exit code.
 *
 * @param {() => Promise<void>} work
 */
export async function orSay(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HouseError)) throw error;
    say(error.message);
    process.exitCode = error.exitCode;
  }
}

/** Something that a person has to put right: shown as its message alone, without a stack. */
export class HouseError extends Error {
  /**
   * @param {string} message
   * @param {number} [exitCode]
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
