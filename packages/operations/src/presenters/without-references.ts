import type { JsonSchema } from "./json-schema.ts";

/** So many parts an inlined schema has at most. What lies beyond them may be anything. */
const mostParts = 2_000;

/**
 * A schema that can stand anywhere in another document: what it refers to within itself is put in its place. Where a part
 * holds itself, the inner one may be anything, as it does where the schema grows too large.
 */
export function withoutReferences(schema: JsonSchema): JsonSchema {
  const { $defs, $schema: _dialect, $id: _id, id: _name, ...root } = schema;
  const definitions = new Map(
    isObject($defs) ? Object.entries($defs).map(([name, part]) => [`#/$defs/${name}`, part]) : [],
  );
  let parts = 0;
  const inlined = (part: unknown, within: readonly string[]): unknown => {
    if (Array.isArray(part)) return part.map((one) => inlined(one, within));
    if (!isObject(part)) return part;
    parts += 1;
    const { $ref, $defs: _inner, ...rest } = part;
    const own = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, inlined(value, within)]));
    if (typeof $ref !== "string") return own;
    if (within.includes($ref) || parts > mostParts) return own;
    const found = definitions.get($ref);
    return isObject(found) ? { ...(inlined(found, [...within, $ref]) as object), ...own } : own;
  };
  return inlined(root, ["#"]) as JsonSchema;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
