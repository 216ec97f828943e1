/** How long the caller is ready to wait. Every method of the port takes it; without it the adapter's default holds. */
export interface CallOptions {
  /** Gives up when it fires, with code `cancelled`. What was already sent may still take effect. */
  readonly signal?: AbortSignal;
  /**
   * Gives up after this time: with code `broker_unavailable` where it is known that nothing was written, else with
   * `deadline_exceeded`. Default: the adapter's command timeout.
   */
  readonly timeoutMs?: number;
}
