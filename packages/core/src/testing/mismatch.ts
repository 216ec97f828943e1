import { inspect } from "node:util";

/**
 * What a value is expected to be. Objects may name only the fields that matter. Lists must have the same length. A
 * function decides by itself. Asymmetric matchers such as Vitest's `expect.any(Number)` fit everywhere.
 */
export type Matching<Value> = ((value: Value) => boolean) | Subset<Value>;

/** The same shape with all named parts optional. */
export type Subset<Value> = Value extends readonly (infer Item)[]
  ? readonly Subset<Item>[]
  : Value extends Uint8Array | Date
    ? Value
    : Value extends object
      ? { readonly [Key in keyof Value]?: Subset<Value[Key]> }
      : Value;

interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/** Where and how a value differs from what was expected, in words. Undefined when it fits. */
export function mismatch(actual: unknown, expected: unknown, path: string): string | undefined {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(actual) ? undefined : differs(actual, expected, path);
  if (typeof expected === "function") {
    return expected(actual) === true ? undefined : `${path}: the function did not accept ${display(actual)}`;
  }
  if (expected instanceof Uint8Array) {
    const same = actual instanceof Uint8Array && Buffer.compare(actual, expected) === 0;
    return same ? undefined : differs(actual, expected, path);
  }
  if (expected instanceof Date) {
    const same = actual instanceof Date ? actual.getTime() === expected.getTime() : actual === expected.toJSON();
    return same ? undefined : differs(actual, expected, path);
  }
  if (Array.isArray(expected)) return listMismatch(actual, expected, path);
  if (typeof expected !== "object" || expected === null) {
    return Object.is(actual, expected) ? undefined : differs(actual, expected, path);
  }
  if (typeof actual !== "object" || actual === null || Array.isArray(actual)) return differs(actual, expected, path);
  for (const [name, part] of Object.entries(expected)) {
    const found = mismatch(Reflect.get(actual, name), part, `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A value as a message can show it, on one line. */
export function display(value: unknown): string {
  if (isAsymmetric(value)) return "toString" in value ? asymmetricText(value) : "a matcher";
  if (typeof value === "function") return "what a function accepts";
  return inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY, compact: true, maxStringLength: 200 });
}

function listMismatch(actual: unknown, expected: readonly unknown[], path: string): string | undefined {
  if (!Array.isArray(actual)) return differs(actual, expected, path);
  if (actual.length !== expected.length) return `${path}: expected ${expected.length} items, got ${actual.length}`;
  for (const [index, part] of expected.entries()) {
    const found = mismatch(actual[index], part, `${path}[${index}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function differs(actual: unknown, expected: unknown, path: string): string {
  return `${path}: expected ${display(expected)}, got ${display(actual)}`;
}

function isAsymmetric(value: unknown): value is AsymmetricMatcher {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "asymmetricMatch") === "function";
}

function asymmetricText(matcher: AsymmetricMatcher): string {
  const describe: unknown = Reflect.get(matcher, "toAsymmetricMatcher");
  try {
    return typeof describe === "function" ? String(describe.call(matcher)) : String(matcher);
  } catch {
    return String(matcher);
  }
}
