import * as z from "zod";

/** JSON Schema as it stands in an OpenAPI document. */
export interface JsonSchema {
  readonly [name: string]: unknown;
}

/** Whether a schema describes what is sent to an endpoint, or what it answers. */
type Direction = "input" | "output";

/** The shapes that a document names once and refers to, by the `id` of their metadata. */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>();
  /** As they came, to tell whether the same id means the same shape in both directions. */
  readonly #texts = new Map<string, string>();

  /** Sorted by name. */
  get schemas(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** The schema, with references to what has an id. A shape that is sent otherwise than it is answered gets `Input` behind its id. */
  of(schema: z.ZodType, direction: Direction): JsonSchema {
    const { $schema: _, $defs = {}, ...root } = z.toJSONSchema(schema, { io: direction, unrepresentable: "any" });
    const names = new Map(Object.entries($defs).map(([id, shape]) => [id, this.#nameOf(id, shape)]));
    for (const [id, shape] of Object.entries($defs)) {
      const name = names.get(id) ?? id;
      // Some generators would name it by its title, and titles are not unique.
      const { title: _title, ...untitled } = tidied(shape, names, direction);
      if (!this.#schemas.has(name)) this.#schemas.set(name, untitled);
    }
    return tidied(root, names, direction);
  }

  #nameOf(id: string, shape: unknown): string {
    const text = JSON.stringify(shape);
    for (const name of [id, `${id}Input`]) {
      const before = this.#texts.get(name);
      if (before !== undefined && before !== text) continue;
      this.#texts.set(name, text);
      return name;
    }
    throw new Error(`shape ${id}: expected one shape of this id in each direction, got two`);
  }
}

/** References lead to the document's components. Answers may grow, so nothing in them forbids a further property. */
function tidied(schema: object, names: ReadonlyMap<string, string>, direction: Direction): JsonSchema {
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if (key === "$ref" && typeof value === "string") {
      const id = value.replace("#/$defs/", "");
      return [[key, `#/components/schemas/${names.get(id) ?? id}`]];
    }
    if (key === "additionalProperties" && value === false && direction === "output") return [];
    return [[key, tidiedValue(value, names, direction)]];
  });
  return Object.fromEntries(entries);
}

function tidiedValue(value: unknown, names: ReadonlyMap<string, string>, direction: Direction): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => tidiedValue(item, names, direction));
  return typeof value === "object" && value !== null ? tidied(value, names, direction) : value;
}
