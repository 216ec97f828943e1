/**
 * The shape of a field's value. `count`: a whole number. `duration`: milliseconds. `moment`: milliseconds since the
 * Unix epoch, or undefined. `texts`: texts by their names. `wire_fields`: fields of the wire that this version can't
 * name. The wire has whole seconds only: durations are rounded up, moments down.
 */
export type FieldKind = "text" | "count" | "duration" | "moment" | "bytes" | "texts" | "wire_fields";

/** Whether a value from JSON can be one of the kind. Bytes and the wire's fields can't come from JSON. */
export function isOfKind(kind: FieldKind, value: unknown): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "count":
      return Number.isSafeInteger(value);
    case "duration":
    case "moment":
      return Number.isFinite(value);
    case "texts":
      return isTexts(value);
    case "bytes":
    case "wire_fields":
      return false;
  }
}

export function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === "string");
}
