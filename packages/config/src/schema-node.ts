import type { z } from "zod";

/** A key of the settings, from the top: `["server", "port"]`. */
export type Path = readonly string[];

/** What the schema says about one place in the settings, without defaults and wrappers. */
export type SchemaNode =
  | { readonly kind: "section"; readonly keys: Readonly<Record<string, z.core.$ZodType>>; readonly canBeFlag: boolean }
  | { readonly kind: "map"; readonly item: z.core.$ZodType; readonly fallback: unknown }
  | { readonly kind: "list"; readonly item: z.core.$ZodType; readonly fallback: unknown }
  | { readonly kind: "text" | "number" | "flag" | "flag or list" };

/** Reads a schema of `schema.ts`. Throws a TypeError for a kind of schema that the settings do not use yet. */
export function nodeOf(schema: z.core.$ZodType, fallback?: unknown): SchemaNode {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "default":
      return nodeOf(def.innerType, def.defaultValue);
    case "prefault":
    case "optional":
      return nodeOf(def.innerType, fallback);
    case "pipe": {
      const node = nodeOf(def.in, fallback);
      // Of the sections only `tls` has a transform: it may also be written as true or false, short for its `enabled`.
      return node.kind === "section" ? { ...node, canBeFlag: true } : node;
    }
    case "object":
      return { kind: "section", keys: def.shape, canBeFlag: false };
    case "record":
      return { kind: "map", item: def.valueType, fallback: fallback ?? {} };
    case "array":
      return { kind: "list", item: def.element, fallback: fallback ?? [] };
    case "union":
      return { kind: "flag or list" };
    case "number":
      return { kind: "number" };
    case "boolean":
    case "literal":
      return { kind: "flag" };
    case "string":
    case "enum":
      return { kind: "text" };
    default:
      throw new TypeError(`schema: no settings are known of the type ${def.type}; teach nodeOf to read it`);
  }
}

/** Whether the schema is that of a section that may be absent as a whole. */
export function isOptionalSection(schema: z.core.$ZodType): boolean {
  return (schema as z.core.$ZodTypes)._zod.def.type === "optional" && nodeOf(schema).kind === "section";
}

/** Every key that holds a value rather than more keys, in the order of the schema. */
export function settingPaths(schema: z.core.$ZodType, parent: Path = []): Path[] {
  const node = nodeOf(schema);
  if (node.kind !== "section") return [parent];
  return Object.entries(node.keys).flatMap(([key, child]) => settingPaths(child, [...parent, key]));
}

/** The schema at a key, or undefined when there is no such key. */
export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  let current: z.core.$ZodType | undefined = schema;
  for (const segment of path) {
    if (current === undefined) return undefined;
    const node = nodeOf(current);
    if (node.kind === "section") current = Object.hasOwn(node.keys, segment) ? node.keys[segment] : undefined;
    else if (node.kind === "map") current = segment === "" ? undefined : node.item;
    else if (node.kind === "list") current = /^(0|[1-9]\d{0,3})$/.test(segment) ? node.item : undefined;
    else return undefined;
  }
  return current;
}
