import type { Periodic } from "./periodic.ts";

const kinds = new WeakMap<object, Map<string, Set<Periodic>>>();

/** The periodics of one kind that work on the same object, for `PeriodicOptions.inStepWith`. */
export function inStepOn(object: object, kind: string): Set<Periodic> {
  const ofObject = kinds.get(object) ?? new Map<string, Set<Periodic>>();
  kinds.set(object, ofObject);
  const all = ofObject.get(kind) ?? new Set<Periodic>();
  ofObject.set(kind, all);
  return all;
}
