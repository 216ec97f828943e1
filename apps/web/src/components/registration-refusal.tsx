import type { Ref } from "react";
import { sortRefusals } from "../demo-job/job-form-state.ts";
import type { Refusal } from "../demo-job/registration-fate.ts";
import { useLanguage } from "../i18n/language-context.ts";
import type { Messages } from "../i18n/messages/en.ts";
import { distanceText, momentText } from "../i18n/time-text.ts";
import { ResultPanel } from "./result-panel.tsx";

interface RegistrationRefusalProps {
  readonly failure: Refusal;
  /** When it came, by the server's clock, in milliseconds. */
  readonly atMs: number;
  readonly ref: Ref<HTMLElement>;
}

/** Says why the server did not take a request, and what to do. */
export function RegistrationRefusal({ failure, atMs, ref }: RegistrationRefusalProps) {
  const { locale, messages } = useLanguage();
  const { title, text, serverSays } = wordsFor(failure, atMs, messages, locale);
  return (
    <ResultPanel ref={ref} title={title}>
      <p>{text}</p>
      {serverSays.length > 0 && (
        <div className="text-quiet">
          <p>{messages.result.serverSays}:</p>
          <ul lang="en" className="mt-1 list-inside list-disc">
            {serverSays.map((line) => (
              <li key={line} className="wrap-anywhere">
                {line}
              </li>
            ))}
          </ul>
        </div>
      )}
    </ResultPanel>
  );
}

interface Words {
  readonly title: string;
  readonly text: string;
  readonly serverSays: readonly string[];
}

function wordsFor(failure: Refusal, atMs: number, { result }: Messages, locale: string): Words {
  switch (failure.kind) {
    case "invalid":
      return { title: result.invalid, ...invalidWords(failure, result) };
    case "rate-limited": {
      const seconds = failure.retryAfterSeconds;
      if (seconds === undefined) return { title: result.rateLimited, text: result.rateLimitedUnknown, serverSays: [] };
      const time = momentText(atMs + seconds * 1000, atMs, locale);
      const text = result.rateLimitedUntil(distanceText(seconds, locale), time);
      return { title: result.rateLimited, text, serverSays: [] };
    }
    case "refused":
      return { title: result.refused, text: result.refusedText(failure.status), serverSays: linesOf(failure.detail) };
  }
}

function invalidWords(failure: Refusal & { kind: "invalid" }, result: Messages["result"]): Omit<Words, "title"> {
  const { faults, others } = sortRefusals(failure.errors);
  const allAtFields = Object.keys(faults).length > 0 && others.length === 0;
  if (allAtFields) return { text: result.invalidHere, serverSays: [] };
  const lines = others.map(({ location, message }) => `${location}: ${message}`);
  return { text: result.invalidThere, serverSays: lines.length > 0 ? lines : linesOf(failure.detail) };
}

function linesOf(detail: string): readonly string[] {
  return detail === "" ? [] : [detail];
}
