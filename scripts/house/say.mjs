/** Tells the person at the terminal something, on stderr. */
export function say(/** @type {string} */ message) {
  process.stderr.write(`hikyaku: ${message}\n`);
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
