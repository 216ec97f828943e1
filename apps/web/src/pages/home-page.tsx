import { Link } from "@tanstack/react-router";
import { PageHeading } from "../components/page-heading.tsx";
import { ReadinessStatus } from "../components/readiness-status.tsx";
import { RelayRoad } from "../components/relay-road.tsx";
import { useLanguage } from "../i18n/language-context.ts";

/** What Hikyaku is, the way to register a job, and whether the server is ready. */
export function HomePage() {
  const { messages } = useLanguage();
  const { home, product } = messages;
  return (
    <>
      <p className="mb-4 text-sm text-quiet">
        <span lang="ja" className="font-display text-base text-seal">
          飛脚
        </span>
        {" — "}
        {product.meaning}
      </p>
      <PageHeading title={home.title} isGreeting={true}>
        {product.headline}
      </PageHeading>
      <p className="mt-6 max-w-2xl text-lg">{product.sentence}</p>
      <div className="mt-8 flex flex-wrap items-center gap-x-6 gap-y-4">
        <Link to="/dm-jobqueue" className="btn btn-first">
          {home.registerJob}
        </Link>
        <a href="/docs">{home.apiDocs}</a>
      </div>
      <RelayRoad />
      <ReadinessStatus />
    </>
  );
}
