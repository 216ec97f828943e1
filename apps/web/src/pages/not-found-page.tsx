import { Link } from "@tanstack/react-router";
import { PageHeading } from "../components/page-heading.tsx";
import { useLanguage } from "../i18n/language-context.ts";

/** For an address that no page has. */
export function NotFoundPage() {
  const { notFound } = useLanguage().messages;
  return (
    <>
      <PageHeading title={notFound.title} />
      <p className="mt-4 text-lg">{notFound.text}</p>
      <p className="mt-8">
        <Link to="/">{notFound.home}</Link>
      </p>
    </>
  );
}
