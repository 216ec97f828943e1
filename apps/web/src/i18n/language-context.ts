import { createContext, useContext } from "react";
import type { Language } from "./language.ts";
import type { Messages } from "./messages/en.ts";

/** The chosen language with its texts, for every component below the provider. */
export interface LanguageContextValue {
  readonly language: Language;
  /** The locale for dates and numbers: the language in the browser's own regional form. */
  readonly locale: string;
  readonly messages: Messages;
  /** Changes the language and remembers it in this browser. */
  readonly setLanguage: (language: Language) => void;
}

export const LanguageContext = createContext<LanguageContextValue | undefined>(undefined);

/** The chosen language. Throws outside of a `LanguageProvider`. */
export function useLanguage(): LanguageContextValue {
  const value = useContext(LanguageContext);
  if (!value) throw new Error("useLanguage: expected a LanguageProvider above this component, found none");
  return value;
}
