import { momentText } from "@hikyaku/contract";

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name;

/** What facts look like in JSON: names in snake case, moments as RFC 3339, null for what is not known. */
export type Presented<Facts> = Facts extends undefined
  ? null
  : Facts extends Date
    ? string
    : Facts extends readonly (infer Item)[]
      ? Presented<Item>[]
      : Facts extends object
        ? { -readonly [Name in keyof Facts as SnakeCase<Name & string>]-?: Presented<Facts[Name]> }
        : Facts;

/** Facts that consist of plain values, lists and objects. */
export function presentFacts<Facts>(facts: Facts): Presented<Facts> {
  return presented(facts) as Presented<Facts>;
}

function presented(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Date) return momentText(value);
  if (Array.isArray(value)) return value.map(presented);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [snakeCase(name), presented(of)]));
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
