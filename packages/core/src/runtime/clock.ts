/** A timer that was set; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Where all time comes from, so that tests can move it. */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch: for what is stored or shown. */
  now(): number;
  /** Milliseconds from some fixed moment, never going back: for measuring. */
  monotonic(): number;
  /** Calls back once, `delayMs` from now or a little later; a delay of 0 or less means as soon as possible. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

/** Node's `setTimeout` fires at once for anything longer. */
const longestTimeoutMs = 2_147_483_647;

/** The machine's own clock. Its timers keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs) {
    let handle: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, longestTimeoutMs);
      handle = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : callback()), stepMs);
    };
    wait(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** As the clock's `setTimer`, but a timer of the machine's own clock does not keep the process alive. */
export function setIdleTimer(clock: Clock, callback: () => void, delayMs: number): Timer {
  if (clock !== systemClock) return clock.setTimer(callback, delayMs);
  const handle = setTimeout(callback, Math.min(delayMs, longestTimeoutMs)).unref();
  return { cancel: () => clearTimeout(handle) };
}

/** Resolves after `delayMs`, or as soon as the signal fires. The caller checks the signal afterwards. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.setTimer(finish, delayMs);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
