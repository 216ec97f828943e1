import { LANGUAGE_NAMES, LANGUAGES } from "../i18n/language.ts";
import { useLanguage } from "../i18n/language-context.ts";

/** One button per language, each in its own language; the chosen one is pressed. */
export function LanguageSwitch() {
  const { language, messages, setLanguage } = useLanguage();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset belongs to a form, and these buttons send nothing.
    <div role="group" aria-label={messages.navigation.language} className="flex rounded-sm border border-edge text-xs">
      {LANGUAGES.map((each) => (
        <button
          key={each}
          type="button"
          lang={each}
          aria-pressed={each === language}
          onClick={() => setLanguage(each)}
          className="cursor-pointer px-2.5 py-1.5 text-quiet hover:text-ink aria-pressed:bg-ink aria-pressed:text-paper"
        >
          {LANGUAGE_NAMES[each]}
        </button>
      ))}
    </div>
  );
}
