import type { RichText } from "../i18n/rich-text.ts";

/** A text with its code parts set as code. */
export function Rich({ text }: { readonly text: RichText }) {
  return text.map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence have no other name, and hold no state.
    typeof part === "string" ? part : <code key={index}>{part.code}</code>,
  );
}
