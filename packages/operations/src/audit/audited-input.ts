/** Names of fields whose values are payloads or secrets. */
const hidden = /payload|result|header|token|secret|password|credential|cookie|^key$/i;
const longestText = 500;
const mostItems = 20;
const deepest = 4;

/**
 * A request's body, or its query where it has none, as the audit may keep it: no payloads and no secrets, and nothing that is large. Undefined when
 * nothing is left to say.
 */
export function auditedInput(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  // The reason has a place of its own.
  const { reason: _reason, ...rest } = body as Readonly<Record<string, unknown>>;
  return Object.keys(rest).length === 0 ? undefined : shown(rest, 0);
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === "string") {
    return value.length <= longestText
      ? value
      : `${value.slice(0, longestText).toWellFormed()}… (${value.length} characters)`;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth >= deepest) return "(nested too deeply to be kept)";
  if (Array.isArray(value)) {
    const items = value.slice(0, mostItems).map((item) => shown(item, depth + 1));
    return value.length <= mostItems ? items : [...items, `(${value.length - mostItems} more)`];
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, hidden.test(name) ? sizeOf(item) : shown(item, depth + 1)]),
  );
}

function sizeOf(value: unknown): string {
  return `(${Buffer.byteLength(JSON.stringify(value) ?? "")} bytes, not kept)`;
}
