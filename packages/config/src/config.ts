import type { z } from "zod";
import { type AppEnv, secretKeys, type settingsSchema } from "./schema.ts";
import { nodeOf } from "./schema-node.ts";

type CamelCase<Key> = Key extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Key;

type InCamelCase<Value> = Value extends readonly (infer Item)[]
  ? readonly InCamelCase<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value as CamelCase<Key>]: InCamelCase<Value[Key]> }
    : Value;

/** The checked settings of one process, deeply frozen. The keys of the files in camelCase; paths are absolute. */
export type Config = { readonly appEnv: AppEnv } & InCamelCase<z.output<ReturnType<typeof settingsSchema>>>;

/** Where the queue's own Redis is and how to talk to it. */
export type JobqueueRedisConfig = Config["redis"]["jobqueue"];

/** Where the shared cache is: no address, one server, or the nodes of a cluster. */
export type CacheRedisConfig = Config["redis"]["default"]["cluster"];

/** Renames the keys of sections, and leaves those of maps alone: they are names that the operator chose. */
export function inCamelCase(value: unknown, schema: z.core.$ZodType): unknown {
  const node = nodeOf(schema);
  if (node.kind !== "section" || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const childSchema = node.keys[key];
      const name = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return [name, childSchema === undefined ? child : inCamelCase(child, childSchema)];
    }),
  );
}

/** Freezes a value and all that it holds, and returns it. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}

/** A copy of the settings that may be logged: the same shape, each secret replaced by `***`. */
export function describeConfig(config: Config): Config {
  return masked(config) as Config;
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const isSecret = secretKeys.has(key) && typeof child === "string";
      return [key, isSecret ? "***" : masked(child)];
    }),
  );
}
