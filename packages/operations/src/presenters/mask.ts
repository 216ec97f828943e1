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
  const isHidden = (name: string): boolean => hides(mask, "headers") || mask.keys.includes(name.toLowerCase());
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isHidden(name) ? MASKED : value]));
}
