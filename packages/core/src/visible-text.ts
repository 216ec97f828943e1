/**
 * Characters that a terminal or a viewer obeys instead of showing them: control characters (C0, DEL, C1), line and
 * paragraph separators, marks that turn the direction of writing, lone surrogates.
 */
const obeyed = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const obeyedButLineBreaks = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Most texts, and told twenty times sooner than by properties of Unicode. */
const plain = /^[ -~]*$/;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Any text as one line that shows what is in it. Characters that a terminal would obey are written as in JSON, such as
 * `\u001b` or `\n`. Text that is JSON already stays the same JSON.
 */
export function visibleText(text: string): string {
  return plain.test(text) ? text : text.replace(obeyed, escaped);
}

/** The same for text of several lines: its line breaks stay. */
export function visibleLines(text: string): string {
  return plain.test(text) ? text : text.replace(obeyedButLineBreaks, escaped);
}

function escaped(character: string): string {
  return shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
