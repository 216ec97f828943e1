const furthest = 8.64e15;

/**
 * The date of a stored moment, in milliseconds. Any program can store a moment that no date reaches: it becomes the
 * first or the last date that there is.
 */
export function dateOf(moment: number): Date {
  return new Date(Math.min(Math.max(moment, -furthest), furthest));
}
