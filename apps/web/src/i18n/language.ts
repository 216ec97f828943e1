/** The languages of the pages. */
export const LANGUAGES = ["en", "ja"] as const;
export type Language = (typeof LANGUAGES)[number];

/** How each language calls itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", ja: "日本語" };

/** The remembered language, else the first of the browser's that we have, else English. */
export function chooseLanguage(remembered: string | null, browserLanguages: readonly string[]): Language {
  return (
    LANGUAGES.find((language) => language === remembered) ??
    browserLanguages.map(languageOf).find((language) => language !== undefined) ??
    "en"
  );
}

/** The browser's own regional form of a language (`en-GB` for `en`), so that times look as the user expects. */
export function localeFor(language: Language, browserLanguages: readonly string[]): string {
  return browserLanguages.find((tag) => languageOf(tag) === language) ?? language;
}

function languageOf(tag: string): Language | undefined {
  const primary = tag.toLowerCase().split("-")[0];
  return LANGUAGES.find((language) => language === primary);
}
