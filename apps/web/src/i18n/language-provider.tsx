import { type ReactNode, useLayoutEffect, useMemo, useState } from "react";
import { readStored, writeStored } from "../browser-storage.ts";
import { chooseLanguage, type Language, localeFor } from "./language.ts";
import { LanguageContext, type LanguageContextValue } from "./language-context.ts";
import { en, type Messages } from "./messages/en.ts";
import { ja } from "./messages/ja.ts";

const KEY = "hikyaku.language";
const CATALOGUE: Readonly<Record<Language, Messages>> = { en, ja };

/** Chooses the language once, keeps `<html lang>` in step with it, and remembers a change. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(() => chooseLanguage(readStored("local", KEY), navigator.languages));
  useLayoutEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo<LanguageContextValue>(
    () => ({
      language,
      locale: localeFor(language, navigator.languages),
      messages: CATALOGUE[language],
      setLanguage: (next) => {
        setLanguage(next);
        writeStored("local", KEY, next);
      },
    }),
    [language],
  );
  return <LanguageContext value={value}>{children}</LanguageContext>;
}
