import type { Ref } from "react";
import type { ApiError, ApiFailure } from "../api/api-failure.ts";
import { sortRefusals } from "../demo-job/job-form.ts";
import { useLanguage } from "../i18n/language-context.ts";
import type { Messages } from "../i18n/messages/en.ts";
import { distanceText, momentText } from "../i18n/time-text.ts";
import { ResultPanel } from "./result-panel.tsx";

/** Says in words why a job was not registered, whether that is sure, and what to do. */
export function RegistrationFailure({ error, ref }: { readonly error: ApiError; readonly ref: Ref<HTMLElement> }) {
  const { locale, messages } = useLanguage();
  const { title, text, serverSays } = wordsFor(error, messages, locale);
  return (
    <ResultPanel ref={ref} tone="bad" title={title}>
      <p>{text}</p>
      {serverSays.length > 0 && (
        <div className="text-sm text-quiet">
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

function wordsFor({ failure, occurredAtMs }: ApiError, { result }: Messages, locale: string): Words {
  switch (failure.kind) {
    case "invalid":
      return { title: result.invalid, ...invalidWords(failure, result) };
    case "rate-limited": {
      const seconds = failure.retryAfterSeconds;
      if (seconds === undefined) return { title: result.rateLimited, text: result.rateLimitedUnknown, serverSays: [] };
      const time = momentText(occurredAtMs + seconds * 1000, occurredAtMs, locale);
      const text = result.rateLimitedUntil(distanceText(seconds, locale), time);
      return { title: result.rateLimited, text, serverSays: [] };
    }
    case "unavailable":
      return { title: result.unavailable, text: result.unavailableText, serverSays: linesOf(failure.detail) };
    case "unreachable":
      return { title: result.unreachable, text: result.unreachableText, serverSays: [] };
    case "offline":
      return { title: result.offline, text: result.offlineText, serverSays: [] };
    case "timed-out":
      return { title: result.timedOut(failure.deadlineSeconds), text: result.timedOutText, serverSays: [] };
    case "unexpected":
      return {
        title: result.unexpected,
        text: result.unexpectedText(failure.status),
        serverSays: linesOf(failure.detail),
      };
  }
}

function invalidWords(failure: ApiFailure & { kind: "invalid" }, result: Messages["result"]): Omit<Words, "title"> {
  const { faults, others } = sortRefusals(failure.errors);
  const allAtFields = Object.keys(faults).length > 0 && others.length === 0;
  if (allAtFields) return { text: result.invalidHere, serverSays: [] };
  const lines = others.map(({ location, message }) => `${location}: ${message}`);
  return { text: result.invalidThere, serverSays: lines.length > 0 ? lines : linesOf(failure.detail) };
}

function linesOf(detail: string): readonly string[] {
  return detail === "" ? [] : [detail];
}
