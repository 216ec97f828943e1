import type { ErrorComponentProps } from "@tanstack/react-router";
import { PageHeading } from "../components/page-heading.tsx";
import { useLanguage } from "../i18n/language-context.ts";

/** Stands in for a page that threw while it was drawn. */
export function BrokenPage({ error, reset }: ErrorComponentProps) {
  const { broken } = useLanguage().messages;
  return (
    <div role="alert">
      <PageHeading title={broken.title} />
      <p className="mt-4 text-lg">{broken.text}</p>
      <p className="mt-2 font-mono text-sm text-quiet wrap-anywhere">
        {error instanceof Error ? error.message : String(error)}
      </p>
      <button
        type="button"
        onClick={reset}
        className="mt-8 cursor-pointer rounded-sm border border-edge px-5 py-2 hover:border-ink"
      >
        {broken.retry}
      </button>
    </div>
  );
}
