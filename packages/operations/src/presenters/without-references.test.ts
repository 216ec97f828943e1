import { expect, it } from "vitest";
import * as z from "zod";
import { inputSchemaOf } from "./json-schema.ts";
import { withoutReferences } from "./without-references.ts";

interface Folder {
  readonly name: string;
  readonly folders: readonly Folder[];
}

it("a schema that holds itself can stand in another document, and what is too deep may be anything", () => {
  const folder: z.ZodType<Folder> = z.object({ name: z.string(), folders: z.array(z.lazy(() => folder)) });
  const shared = z.object({ street: z.string() });
  const schema = inputSchemaOf(z.object({ root: folder, from: shared, to: shared })) ?? {};
  expect(JSON.stringify(schema)).toContain("$ref");
  const described = withoutReferences(schema);
  expect(JSON.stringify(described)).not.toContain("$");
  expect(described).toMatchObject({
    properties: {
      root: { properties: { name: { type: "string" }, folders: { type: "array", items: {} } } },
      from: { properties: { street: { type: "string" } } },
      to: { properties: { street: { type: "string" } } },
    },
  });
  expect(z.fromJSONSchema(described as never).safeParse({ root: { name: "a", folders: [] } }).success).toBe(false);
});

it("a payload that holds itself as a whole is described as far as it goes", () => {
  const folder: z.ZodType<Folder> = z.object({ name: z.string(), folders: z.array(z.lazy(() => folder)) });
  expect(withoutReferences(inputSchemaOf(folder) ?? {})).toMatchObject({
    properties: { name: { type: "string" }, folders: { type: "array" } },
  });
});
