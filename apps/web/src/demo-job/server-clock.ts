/** The server's clock as this page knows it, so that counting down does not depend on the browser's. */
export class ServerClock {
  #serverAtMs: number | undefined;
  #monotonicAtMs = 0;

  /** Now by the server's clock, in milliseconds; by the browser's until the server has told. */
  nowMs(): number {
    return this.#serverAtMs === undefined ? Date.now() : this.#serverAtMs + performance.now() - this.#monotonicAtMs;
  }

  /**
   * Takes the server's time from an answer. `sentAtMs` is `performance.now()` when the request was sent. Half of the
   * call's duration is added. A difference smaller than that may be none, so it changes nothing.
   */
  observe(serverNow: string, sentAtMs: number): void {
    const receivedAtMs = performance.now();
    const wayMs = (receivedAtMs - sentAtMs) / 2;
    const serverMs = Date.parse(serverNow) + wayMs;
    if (this.#serverAtMs !== undefined && Math.abs(serverMs - this.nowMs()) <= wayMs) return;
    this.#serverAtMs = serverMs;
    this.#monotonicAtMs = receivedAtMs;
  }
}
