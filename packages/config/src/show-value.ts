const longestText = 80;

/**
 * Describes a value for an error message. Lists and maps show only their size and keys. Everything before an `@` is
 * hidden, so that a password in the wrong place is not printed.
 */
export function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "a key without a value";
  if (typeof value === "string") return `the text ${JSON.stringify(shorten(value.replaceAll(/[^\s,]*@/g, "***@")))}`;
  if (Array.isArray(value)) return value.length === 1 ? "a list of 1 item" : `a list of ${value.length} items`;
  if (typeof value === "object") {
    const keys = Object.keys(value);
    return keys.length === 0 ? "an empty map" : `a map with ${shorten(keys.join(", "))}`;
  }
  return String(value);
}

function shorten(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}...`;
}
