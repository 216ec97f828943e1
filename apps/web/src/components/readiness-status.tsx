import type { ReadinessCheck } from "@hikyaku/contract";
import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import { useLanguage } from "../i18n/language-context.ts";

const ASK_EVERY_MS = 10_000;

/** Whether the server can serve, live, with one line per dependency. */
export function ReadinessStatus() {
  const { messages } = useLanguage();
  const texts = messages.readiness;
  const { data, isError } = useQuery({
    queryKey: ["readiness"],
    queryFn: ({ signal }) => api.readiness(signal),
    refetchInterval: ASK_EVERY_MS,
  });

  const state = isError ? "failing" : data === undefined ? "asking" : data.status === "ready" ? "ok" : "failing";
  const summary = { asking: texts.loading, ok: texts.ready, failing: isError ? texts.noAnswer : texts.notReady }[state];
  return (
    <section aria-labelledby="readiness-title" className="mt-16 border-t border-rule pt-5 text-sm">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h2 id="readiness-title" className="font-sans text-quiet">
          {texts.title}
        </h2>
        <p role="status" className="flex items-baseline gap-2">
          <Dot state={state} />
          {summary}
        </p>
      </div>
      {!isError && data && (
        <ul className="mt-2 space-y-1">
          {data.checks.length === 0 && <li className="text-quiet">{texts.noChecks}</li>}
          {data.checks.map((check) => (
            <li key={check.name} className="flex flex-wrap items-baseline gap-x-2">
              <Dot state={check.status} />
              <span>{check.name}</span>
              <span className="text-quiet">{texts.check[check.status]}</span>
              {check.detail && <span className="min-w-0 text-quiet wrap-anywhere">{check.detail}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const DOTS = {
  ok: "bg-good border-good",
  failing: "bg-bad border-bad rotate-45 rounded-none",
  disabled: "border-edge",
  asking: "border-edge",
};

/** Form and colour both tell the state; the word beside it says it. */
function Dot({ state }: { readonly state: ReadinessCheck["status"] | "asking" }) {
  return <span aria-hidden="true" className={`inline-block size-2 shrink-0 rounded-full border ${DOTS[state]}`} />;
}
