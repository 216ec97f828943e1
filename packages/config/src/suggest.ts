import { closest, distance } from "fastest-levenshtein";
import type { Path } from "./schema-node.ts";

/** The hint for an unknown key: a near sibling, the same name elsewhere, or else the nearest of all known keys. */
export function suggestKey(path: Path, siblings: readonly string[], known: readonly Path[]): string {
  const parent = path.slice(0, -1);
  const name = path.at(-1) ?? "";
  const sibling = closest(name.toLowerCase(), siblings);
  if (distance(name.toLowerCase(), sibling) <= Math.max(2, Math.floor(name.length / 3))) {
    return `the nearest known key is ${[...parent, sibling].join(".")}`;
  }
  const elsewhere = known.find((candidate) => candidate.at(-1) === name);
  if (elsewhere !== undefined) return `there is ${elsewhere.join(".")}`;
  const names = known.map((candidate) => candidate.join("."));
  return `the nearest known key is ${closest(path.join(".").toLowerCase(), names)}`;
}

/** The known name with the fewest letters to change. */
export function nearestName(name: string, known: readonly string[]): string {
  return closest(name, known);
}
