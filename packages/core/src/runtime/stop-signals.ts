const names = ["SIGINT", "SIGTERM"] as const;

/** Calls `first` at the first signal that asks the process to end, `again` at every later one; returns how to stop that. */
export function onStopSignals(first: () => void, again: () => void): () => void {
  let received = 0;
  const listener = (): void => {
    received++;
    if (received === 1) first();
    else again();
  };
  for (const name of names) process.on(name, listener);
  return () => {
    for (const name of names) process.off(name, listener);
  };
}
