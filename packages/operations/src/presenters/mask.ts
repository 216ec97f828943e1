/** A part of tasks that may be nobody's business. */
export const maskedParts = ["payloads", "results", "headers", "logs"] as const;

/** A part of tasks that may be nobody's business. */
export type MaskedPart = (typeof maskedParts)[number];

/** What somebody does not get to see of tasks. */
export interface Mask {
  readonly parts: readonly MaskedPart[];
  /** Names of keys in payloads, results, headers and fields of logs whose values are hidden, in lower case. */
  readonly keys: readonly string[];
}

/** Hides nothing. */
export const noMask: Mask = { parts: [], keys: [] };

/** What stands in place of a value that is hidden. */
export const MASKED = "***";

export function hides({ parts }: Mask, part: MaskedPart): boolean {
  return parts.includes(part);
}

/** Whether anything of this part may be hidden. */
export function touches(mask: Mask, part: MaskedPart): boolean {
  return mask.keys.length > 0 || hides(mask, part);
}

const deepest = 100;

/** A value of JSON with the values of hidden keys replaced, at any depth. What is nested too deeply is hidden whole. */
export function maskedValue(value: unknown, { keys }: Mask, depth = 0): unknown {
  if (keys.length === 0 || typeof value !== "object" || value === null) return value;
  if (depth >= deepest) return MASKED;
  const mask = { parts: [], keys };
  if (Array.isArray(value)) return value.map((item) => maskedValue(item, mask, depth + 1));
  const entries = Object.entries(value).map(([name, item]) => {
    return [name, keys.includes(name.toLowerCase()) ? MASKED : maskedValue(item, mask, depth + 1)] as const;
  });
  return Object.fromEntries(entries);
}

/** Headers with the hidden ones replaced. */
export function maskedHeaders(headers: Readonly<Record<string, string>>, mask: Mask): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, hidesHeader(mask, name) ? MASKED : value]);
  return Object.fromEntries(entries);
}

/**
 * The options of a schedule's tasks, as texts, with the values of hidden headers replaced. A header that can't be read
 * is hidden whole.
 */
export function maskedOptions(options: readonly string[], mask: Mask): string[] {
  return touches(mask, "headers") ? options.map((option) => maskedOption(option, mask)) : [...options];
}

function maskedOption(option: string, mask: Mask): string {
  if (!/^\s*header/i.test(option)) return option;
  const name = headerNameIn(option);
  if (name === undefined) return `Header(${MASKED})`;
  return hidesHeader(mask, name) ? `Header(${JSON.stringify([name, MASKED])})` : option;
}

function headerNameIn(option: string): string | undefined {
  try {
    const header: unknown = JSON.parse(/^Header\((.*)\)$/s.exec(option)?.[1] ?? "");
    const [name] = Array.isArray(header) && header.length === 2 ? header : [];
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

function hidesHeader(mask: Mask, name: string): boolean {
  return hides(mask, "headers") || mask.keys.includes(name.toLowerCase());
}
