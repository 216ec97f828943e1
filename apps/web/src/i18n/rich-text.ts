/** A part of a text that a machine wrote: a command, a path, a build. */
export interface CodePart {
  readonly code: string;
}

/** A text in which some parts are code. */
export type RichText = readonly (string | CodePart)[];

/** Marks a part of a text as code. */
export function code(text: string): CodePart {
  return { code: text };
}

/** Writes a {@link RichText} as a template: strings and numbers go in as text, the rest as it is. */
export function rich(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | CodePart | RichText)[]
): RichText {
  return strings.flatMap((text, index) => {
    const value = values[index];
    if (value === undefined) return [text];
    return typeof value === "object" ? [text, ...("code" in value ? [value] : value)] : [text, String(value)];
  });
}

/** The text without its marks, for screen readers and comparisons. */
export function plainText(text: RichText): string {
  return text.map((part) => (typeof part === "string" ? part : part.code)).join("");
}
