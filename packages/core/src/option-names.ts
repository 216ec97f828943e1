import { HikyakuError } from "./errors.ts";

/**
 * Refuses options that would be ignored.
 * @throws HikyakuError `invalid_option` when `given` is no plain object of options or has a key that is not in `known`.
 * The message names the nearest known key.
 */
export function refuseUnknownOptions(of: string, given: unknown, known: ReadonlySet<string>): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new HikyakuError("invalid_option", `${of}: expected an object with options, got ${shown(given)}`);
  }
  for (const name of Object.keys(given)) {
    if (known.has(name)) continue;
    const nearest = nearestName(name, known);
    const help = nearest === undefined ? `known are ${[...known].join(", ")}` : `did you mean "${nearest}"?`;
    throw new HikyakuError("invalid_option", `${of}: unknown option "${name}"; ${help}`);
  }
}

/** The known name that `name` was most likely meant to be. Undefined when none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3));
  let nearest: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase().replaceAll(/[_-]/g, ""), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** A value as an error message can show it: short, and never throwing. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "function") return "a function";
  if (value instanceof Date && Number.isNaN(value.getTime())) return "an invalid Date";
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length <= 80 ? text : `${text.slice(0, 80).toWellFormed()}… (${text.length} characters)`;
  } catch {
    return `a value of type ${typeof value}`;
  }
}

/** How many characters must be added, removed, changed or swapped with their neighbour. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length] ?? 0;
}

/** @throws HikyakuError `invalid_option` for a value that is neither true nor false. */
export function checkedFlag(option: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new HikyakuError("invalid_option", `option "${option}": expected true or false, got ${shown(value)}`);
}
