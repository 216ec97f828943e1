import { useState } from "react";
import { useLanguage } from "../i18n/language-context.ts";

interface CopyButtonProps {
  readonly text: string;
  /** Names the text in the button's accessible name. */
  readonly what: string;
  /** What stands on the button. Default: the word for copying. */
  readonly label?: string;
}

/** Copies a text and says beside itself whether it worked. */
export function CopyButton({ text, what, label }: CopyButtonProps) {
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
    <span className="inline-flex flex-wrap items-baseline">
      <button type="button" aria-label={label ?? copy.label(what)} onClick={copyText} className="btn">
        {label ?? copy.text}
      </button>
      <span role="status" className={outcome && "ml-2 text-xs text-quiet"}>
        {outcome && copy[outcome]}
      </span>
    </span>
  );
}
