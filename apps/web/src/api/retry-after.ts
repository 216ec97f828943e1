/**
 * Reads a `Retry-After` header, which holds seconds or an HTTP date. Returns the seconds from `nowMs` on, at least 0,
 * or undefined when the header is missing or unreadable.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}
