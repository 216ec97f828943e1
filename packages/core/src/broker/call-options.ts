/** How long the caller is ready to wait. Every method of the port takes it. Without it the adapter's default holds. */
export interface CallOptions {
  /** Gives up when it fires, with code `cancelled`. A request that was already sent may still take effect. */
  readonly signal?: AbortSignal;
  /**
   * Gives up after this time. The code is `broker_unavailable` when surely nothing was written, otherwise
   * `deadline_exceeded`. Default: the adapter's command timeout.
   */
  readonly timeoutMs?: number;
}
