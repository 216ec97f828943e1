const names = ["SIGINT", "SIGTERM"] as const;

interface Listener {
  readonly first: () => void;
  readonly again: () => void;
  hasHeard: boolean;
}

/**
 * All that wait for a signal in this process. They share one listener, because Node.js warns of a leak from the
 * eleventh on.
 */
const listeners = new Set<Listener>();

/**
 * Calls `first` at the next signal that asks the process to end, and `again` at every later one. Returns a function
 * that ends this. While nobody waits, signals do what they would do without this library.
 */
export function onStopSignals(first: () => void, again: () => void): () => void {
  const listener = { first, again, hasHeard: false };
  if (listeners.size === 0) for (const name of names) process.on(name, hear);
  listeners.add(listener);
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    for (const name of names) process.off(name, hear);
  };
}

function hear(): void {
  for (const listener of [...listeners]) {
    if (!listeners.has(listener)) continue;
    const { hasHeard, first, again } = listener;
    listener.hasHeard = true;
    if (hasHeard) again();
    else first();
  }
}
