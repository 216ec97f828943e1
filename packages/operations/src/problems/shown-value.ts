const LONGEST_CHARACTERS = 200;

/** The value as an answer may repeat it: whole if it is small, otherwise the beginning of its text. */
export function shownValue(value: unknown): unknown {
  if (typeof value === "string") return value.length <= LONGEST_CHARACTERS ? value : cut(value);
  if (typeof value !== "object" || value === null) return value;
  const text = textOf(value);
  if (text === undefined) return "(nested too deeply to be shown)";
  return text.length <= LONGEST_CHARACTERS ? value : cut(text);
}

function cut(text: string): string {
  return `${text.slice(0, LONGEST_CHARACTERS).toWellFormed()}… (${text.length} characters)`;
}

/** Very deep nesting overflows the serializer's stack. */
function textOf(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
