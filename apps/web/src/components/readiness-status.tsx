import type { Level } from "@hikyaku/contract";
import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client.ts";
import { useLanguage } from "../i18n/language-context.ts";

const ASK_EVERY_MS = 10_000;

/** Whether the server can serve, live, with one level per check. */
export function ReadinessStatus() {
  const { messages } = useLanguage();
  const texts = messages.readiness;
  const { data, isError } = useQuery({
    queryKey: ["readiness"],
    queryFn: ({ signal }) => api.readiness(signal),
    refetchInterval: ASK_EVERY_MS,
  });

  const state = isError || data?.status === "not_ready" ? "error" : (data?.level ?? "asking");
  const summary = {
    asking: texts.loading,
    ok: texts.ready,
    warning: texts.warning,
    error: isError ? texts.noAnswer : data?.status === "ready" ? texts.warning : texts.notReady,
  }[state];
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
          {data.checks.map((check) => (
            <li key={check.name} className="flex flex-wrap items-baseline gap-x-2">
              <Dot state={check.level} />
              <span>{texts.checks[check.name]}</span>
              <span className="text-quiet">{texts.level[check.level]}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const DOTS = {
  ok: "bg-good border-good",
  warning: "border-bad rotate-45 rounded-none",
  error: "bg-bad border-bad rotate-45 rounded-none",
  asking: "border-edge",
};

/** Form and colour both tell the state; the word beside it says it. */
function Dot({ state }: { readonly state: Level | "asking" }) {
  return <span aria-hidden="true" className={`inline-block size-2 shrink-0 rounded-full border ${DOTS[state]}`} />;
}
