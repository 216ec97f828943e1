import type { z } from "zod";
import { isOptionalSection, nodeOf, type Path } from "./schema-node.ts";

/** The settings as they were written, before they are checked, and where each of them came from. */
export class SettingsTree {
  /** What the checks read. */
  root: unknown = {};
  readonly #origins = new Map<string, string>();

  /** Puts a value in its place, and makes the sections above it. Does nothing below a value that is not a section. */
  set(path: Path, value: unknown, origin: string, schema: z.core.$ZodType): void {
    const above = [...this.#origins.keys()].filter((id) => id.startsWith(`${idOf(path)}\0`));
    for (const id of above) this.#origins.delete(id);
    this.#origins.set(idOf(path), origin);
    this.root = withValue(this.root, path, value, schema);
  }

  /** Notes where a key was written. */
  setOrigin(path: Path, origin: string): void {
    this.#origins.set(idOf(path), origin);
  }

  /** Where the key, or else the nearest section around it, was written. Undefined when it was written nowhere. */
  originOf(path: Path): string | undefined {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(idOf(path.slice(0, length)));
      if (origin !== undefined) return origin;
    }
    return undefined;
  }

  /** Where something in the section was written; for a section that only single variables gave. */
  originBelow(path: Path): string | undefined {
    const below = `${idOf(path)}\0`;
    for (const [id, origin] of this.#origins) if (id.startsWith(below)) return origin;
    return undefined;
  }

  /** The value as it was written, or undefined. */
  get(path: Path): unknown {
    let value = this.root;
    for (const segment of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
      value = (value as Record<string, unknown>)[segment];
    }
    return value;
  }
}

/** Fills in what a file may leave out or write short: a section without keys, and `tls: true` for `tls.enabled`. */
export function expandSections(value: unknown, schema: z.core.$ZodType): unknown {
  const node = nodeOf(schema);
  if (node.kind !== "section") return value;
  if (value === null) return {};
  if (node.canBeFlag && typeof value === "boolean") return { enabled: value };
  if (typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => {
      const childSchema = Object.hasOwn(node.keys, key) ? node.keys[key] : undefined;
      if (childSchema === undefined) return [[key, child]];
      // A section that may be absent counts as absent when it stands there without keys.
      if (child === null && isOptionalSection(childSchema)) return [];
      return [[key, expandSections(child, childSchema)]];
    }),
  );
}

function withValue(current: unknown, path: Path, value: unknown, schema: z.core.$ZodType): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) return value;
  const node = nodeOf(schema);
  if (node.kind === "list") {
    const items = current ?? node.fallback;
    if (!Array.isArray(items)) return current;
    const changed: unknown[] = [...items];
    changed[Number(segment)] = withValue(changed[Number(segment)], rest, value, node.item);
    return changed;
  }
  if (node.kind !== "section" && node.kind !== "map") return current;
  const entries = current ?? (node.kind === "map" ? node.fallback : {});
  const child = node.kind === "map" ? node.item : node.keys[segment];
  if (typeof entries !== "object" || Array.isArray(entries) || child === undefined) return current;
  const before = Object.hasOwn(entries as object, segment) ? (entries as Record<string, unknown>)[segment] : undefined;
  return { ...entries, [segment]: withValue(before, rest, value, child) };
}

function idOf(path: Path): string {
  return path.join("\0");
}
