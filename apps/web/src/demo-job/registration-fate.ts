import type { ProblemCode } from "@hikyaku/contract";
import type { ApiFailure } from "../api/api-failure.ts";

/**
 * What is known of a job that was sent to the server. `sending`: no answer yet. `registered`: the store has it.
 * `perhaps`: it may be stored, so it may only be sent again under the same id. `not_stored`: surely nothing was stored.
 */
export const FATES = ["sending", "registered", "perhaps", "not_stored"] as const;

/** What is known of a job that was sent to the server. */
export type Fate = (typeof FATES)[number];

/** Why a job is not known to be registered, as a word that the pages have a sentence for. */
export const FAILURE_REASONS = [
  "store_away",
  "store_rejected",
  "server_closing",
  "server_busy",
  "offline",
  "refused",
  "answer_lost",
  "store_silent",
  "not_acknowledged",
  "no_answer",
  "connection_broke",
  "odd_answer",
  "page_left",
] as const;

/** Why a job is not known to be registered. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** Our own server refused the request: the person must change something, or wait. */
export type Refusal = Extract<ApiFailure, { readonly kind: "invalid" | "rate-limited" | "refused" }>;

/** Whether our own server refused the request, so that this call stored nothing. */
export function isRefusal(failure: ApiFailure): failure is Refusal {
  return failure.kind === "invalid" || failure.kind === "rate-limited" || failure.kind === "refused";
}

/** What a failed call means for the job that it sent. */
export interface FailedCall {
  readonly fate: "perhaps" | "not_stored";
  readonly reason: FailureReason;
}

// Only these codes promise that nothing was stored. With any other code, even an unknown one, a job may be stored.
const NOTHING_STORED: Partial<Record<ProblemCode, FailureReason>> = {
  broker_unavailable: "store_away",
  store_rejected: "store_rejected",
  closed: "server_closing",
  overloaded: "server_busy",
};
const PERHAPS_STORED: Partial<Record<ProblemCode, FailureReason>> = {
  not_acknowledged: "not_acknowledged",
  deadline_exceeded: "store_silent",
};

/** Tells "nothing was stored" from "perhaps stored". In doubt it is "perhaps". */
export function fateOf(failure: ApiFailure): FailedCall {
  if (isRefusal(failure)) return { fate: "not_stored", reason: "refused" };
  switch (failure.kind) {
    case "unavailable": {
      const surely = NOTHING_STORED[failure.code];
      if (surely !== undefined) return { fate: "not_stored", reason: surely };
      return { fate: "perhaps", reason: PERHAPS_STORED[failure.code] ?? "answer_lost" };
    }
    case "offline":
      return { fate: "not_stored", reason: "offline" };
    case "unreachable":
      return { fate: "perhaps", reason: "connection_broke" };
    case "timed-out":
      return { fate: "perhaps", reason: "no_answer" };
    case "unexpected":
      return { fate: "perhaps", reason: "odd_answer" };
  }
}
