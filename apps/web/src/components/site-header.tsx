import { Link } from "@tanstack/react-router";
import { useLanguage } from "../i18n/language-context.ts";
import { CourierMark } from "./courier-mark.tsx";
import { LanguageSwitch } from "./language-switch.tsx";
import { NAVIGATION } from "./navigation.ts";

/** The name, the pages and the languages. */
export function SiteHeader() {
  const { messages } = useLanguage();
  const link =
    "block border-b-2 border-transparent py-1 text-quiet hover:text-ink aria-[current=page]:border-seal aria-[current=page]:text-ink";
  return (
    <header className="border-b border-rule">
      <div className="mx-auto flex max-w-[82.5rem] flex-wrap items-center gap-x-8 gap-y-2 px-5 py-3 sm:px-8">
        <Link to="/" className="mr-auto flex items-center gap-2.5 font-display text-xl">
          <CourierMark className="size-9 shrink-0" />
          <span>Hikyaku</span>
        </Link>
        <nav aria-label={messages.navigation.label} className="order-last w-full sm:order-none sm:w-auto">
          <ul className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
            {NAVIGATION.map((entry) => (
              <li key={entry.label}>
                {entry.kind === "page" ? (
                  <Link to={entry.to} activeOptions={{ exact: true }} className={link}>
                    {messages.navigation[entry.label]}
                  </Link>
                ) : (
                  <a href={entry.href} className={link}>
                    {messages.navigation[entry.label]}
                  </a>
                )}
              </li>
            ))}
          </ul>
        </nav>
        <LanguageSwitch />
      </div>
    </header>
  );
}
