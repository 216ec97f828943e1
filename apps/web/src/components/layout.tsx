import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useLanguage } from "../i18n/language-context.ts";
import { SiteHeader } from "./site-header.tsx";

/** What all pages share: skip link, header, and the place of the page. Moves the focus to the heading of a new page. */
export function Layout() {
  const { messages } = useLanguage();
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const previousPath = useRef(path);

  useEffect(() => {
    const cameFromAnotherPage = previousPath.current !== undefined && previousPath.current !== path;
    previousPath.current = path;
    if (cameFromAnotherPage) main.current?.querySelector("h1")?.focus();
  }, [path]);

  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only rounded-sm bg-seal text-on-seal focus:not-sr-only focus:absolute focus:top-3 focus:left-3 focus:z-10 focus:px-4 focus:py-2"
      >
        {messages.navigation.skipToContent}
      </a>
      <SiteHeader />
      <main
        ref={main}
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-[82.5rem] flex-1 px-5 pt-7 pb-16 sm:px-8"
      >
        <Outlet />
      </main>
    </div>
  );
}
