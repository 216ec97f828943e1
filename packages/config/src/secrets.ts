import type { z } from "zod";
import { secretKeys } from "./schema.ts";
import { type Path, settingPaths } from "./schema-node.ts";

const fileSuffix = "_file";

/** The keys of all secrets. */
export function secretPaths(schema: z.core.$ZodType): readonly Path[] {
  let paths = found.get(schema);
  if (paths === undefined) {
    paths = settingPaths(schema).filter((path) => secretKeys.has(path.at(-1) ?? ""));
    found.set(schema, paths);
  }
  return paths;
}

/** Cached, because the paths are asked for with every key that is read. */
const found = new WeakMap<z.core.$ZodType, readonly Path[]>();

/** The path itself when it is the key of a secret, and not, say, a queue that has such a name. */
export function secretAt(schema: z.core.$ZodType, path: Path): Path | undefined {
  return secretPaths(schema).find((secret) => secret.join(".") === path.join("."));
}

/** The secret that a key such as `redis.jobqueue.password_file` names a file for, or undefined. */
export function secretOfFile(schema: z.core.$ZodType, path: Path): Path | undefined {
  return secretPaths(schema).find((secret) => `${secret.join(".")}${fileSuffix}` === path.join("."));
}
