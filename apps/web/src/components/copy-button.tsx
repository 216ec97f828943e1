import { useState } from "react";
import { useLanguage } from "../i18n/language-context.ts";

/** Copies a text and says beside itself whether it worked. `what` names the text in the button's accessible name. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const { copy } = useLanguage().messages;
  const [outcome, setOutcome] = useState<"done" | "failed">();

  const copyText = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("done");
    } catch {
      setOutcome("failed");
    }
  };
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2">
      <button
        type="button"
        aria-label={copy.label(what)}
        onClick={copyText}
        className="cursor-pointer rounded-sm border border-edge px-2 py-0.5 text-sm hover:border-ink"
      >
        {copy.text}
      </button>
      <span role="status" className="text-sm text-quiet">
        {outcome && copy[outcome]}
      </span>
    </span>
  );
}
