import type { TaskDefinition } from "hikyaku";

/** A schema of any library that speaks Standard Schema, if there is one. */
type Schema = TaskDefinition["payload"];

/** JSON Schema (draft 2020-12), as a schema of a library with Standard JSON Schema gives it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a schema takes as JSON. Undefined where it can't say: another library, bytes, or values that no JSON holds. */
export function inputSchemaOf(schema: Schema): JsonSchema | undefined {
  return written(schema, "input");
}

/** What a schema gives as JSON. */
export function outputSchemaOf(schema: Schema): JsonSchema | undefined {
  return written(schema, "output");
}

function written(schema: Schema, side: "input" | "output"): JsonSchema | undefined {
  const standard: object | undefined = schema?.["~standard"];
  if (standard === undefined || !("jsonSchema" in standard)) return undefined;
  const { jsonSchema } = standard;
  if (typeof jsonSchema !== "object" || jsonSchema === null || !(side in jsonSchema)) return undefined;
  const write: unknown = (jsonSchema as Record<string, unknown>)[side];
  if (typeof write !== "function") return undefined;
  try {
    const found: unknown = write.call(jsonSchema, { target: "draft-2020-12" });
    return typeof found === "object" && found !== null ? { ...found } : undefined;
  } catch {
    return undefined;
  }
}
