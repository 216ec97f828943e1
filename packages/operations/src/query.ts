/** The query of an address, after its `?`: a text by name, or several when a name comes more than once. */
export function queryOf(url: string): Record<string, string | string[]> {
  const start = url.indexOf("?");
  const query: Record<string, string | string[]> = Object.create(null);
  if (start < 0) return query;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    const before = query[name];
    if (before === undefined) query[name] = value;
    else query[name] = [before, value].flat();
  }
  return query;
}
