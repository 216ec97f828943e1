import type { TaskMessage } from "../../broker/task-message.ts";
import type { Outcome } from "../../broker/work-facet.ts";
import { longestDurationMs } from "../../duration.ts";
import { errorText, HikyakuError } from "../../errors.ts";
import type { Random } from "../../runtime/backoff.ts";
import type { RetryContext } from "../../task/retry-delay.ts";
import type { AbortKind } from "../leases/abort-cause.ts";
import { storedText } from "../leases/abort-cause.ts";
import { isRevoke, isSkipRetry } from "./verdict-errors.ts";

/** How one attempt ended. */
export type Verdict =
  | { readonly kind: "success"; readonly result: Uint8Array | undefined }
  /** The handler threw. `stored` replaces the error's text when the wire format has a fixed one. */
  | { readonly kind: "failure"; readonly error: unknown; readonly stored?: string }
  /** Somebody cancelled it, and its handler did not decide otherwise. */
  | { readonly kind: "cancelled"; readonly error: unknown; readonly stored: string }
  /** Running it again can't help, for example because its payload does not fit its schema. */
  | { readonly kind: "hopeless"; readonly error: HikyakuError }
  /** Not finished, but not by its own fault: the server stops, or never began it. */
  | { readonly kind: "unfinished" }
  /**
   * The worker died or lost the lease. How often that happened to this task, this time included: at all, and while the
   * task surely ran alone.
   */
  | { readonly kind: "lost"; readonly lostAttempts: number; readonly lostAlone: number };

/** The part of a server's settings that decides about tasks. Its functions never throw. */
export interface OutcomePolicy {
  readonly retryDelayMs: (context: RetryContext, random: Random) => number;
  readonly isFailure: (error: unknown) => boolean;
  readonly maxLostAttempts: number;
  /** What becomes of a task that was cancelled while it ran. */
  readonly cancelledTasks: "archive" | "retry";
}

/** More deaths than it takes until a task runs alone, with any number of slots. */
const mostUnproven = 10;

/** What should become of a task after an attempt. Only this function decides it. */
export function decideOutcome(
  message: TaskMessage,
  verdict: Verdict,
  policy: OutcomePolicy,
  now: number,
  random: Random,
): Outcome {
  switch (verdict.kind) {
    case "success":
      return message.retentionMs > 0 ? { kind: "completed", result: verdict.result } : { kind: "done" };
    case "unfinished":
      return { kind: "handed_back" };
    case "hopeless":
      return { kind: "archived", error: errorText(verdict.error) };
    case "lost":
      return afterLoss(message, verdict, policy, now, random);
    case "cancelled":
      return policy.cancelledTasks === "archive"
        ? { kind: "archived", error: verdict.stored }
        : afterFailure(message, verdict.error, verdict.stored, policy, now, random);
    case "failure":
      return afterFailure(message, verdict.error, verdict.stored ?? errorText(verdict.error), policy, now, random);
  }
}

/**
 * When several tasks ran, any of them may have killed the worker. So a task is charged only with deaths of workers that
 * ran it alone. Workers of other libraries or older releases never run it alone. When only they take it, each further
 * death spends a retry in the end, as Asynq does for all deaths.
 */
function afterLoss(
  message: TaskMessage,
  { lostAttempts, lostAlone }: Extract<Verdict, { kind: "lost" }>,
  policy: OutcomePolicy,
  now: number,
  random: Random,
): Outcome {
  if (lostAlone >= policy.maxLostAttempts) {
    const text = `${storedText.lease_lost}: its worker died or stalled ${lostAlone} times while it ran alone`;
    return { kind: "archived", error: text };
  }
  const unproven = lostAttempts - lostAlone;
  if (unproven < mostUnproven) return { kind: "handed_back" };
  const text = `${storedText.lease_lost}: its worker died or stalled ${unproven} times, and nobody ran it alone`;
  const error = new HikyakuError("lease_lost", text);
  return retryOrArchive(message, error, text, { policy, now, random, counted: true });
}

function afterFailure(
  message: TaskMessage,
  error: unknown,
  text: string,
  policy: OutcomePolicy,
  now: number,
  random: Random,
): Outcome {
  if (isRevoke(error)) return { kind: "done" };
  if (isSkipRetry(error)) return { kind: "archived", error: text };
  return retryOrArchive(message, error, text, { policy, now, random, counted: policy.isFailure(error) });
}

interface RetryTerms {
  readonly policy: OutcomePolicy;
  readonly now: number;
  readonly random: Random;
  /** A failure that does not count spends no retry. So it never archives a task for want of retries. */
  readonly counted: boolean;
}

function retryOrArchive(
  message: TaskMessage,
  error: unknown,
  text: string,
  { policy, now, random, counted }: RetryTerms,
): Outcome {
  if (counted && message.retried >= message.maxRetry) return { kind: "archived", error: text };
  const { type, queue, id, retried, maxRetry } = message;
  const delayMs = policy.retryDelayMs({ type, queue, taskId: id, retried, maxRetry, error }, random);
  return { kind: "retry", at: now + delayMs, counted, error: text };
}

/**
 * The verdict of a handler that threw after its signal fired. What it throws on purpose holds: `SkipRetry`, `Revoke`,
 * and after a deadline also an error of its own. An error that only passes the abort on is stored with the wire
 * format's text. A cancelled task stays cancelled. A stopping server never blames a task.
 */
export function verdictAfterAbort(thrown: unknown, kind: AbortKind, reason: unknown): Verdict {
  if (isRevoke(thrown) || isSkipRetry(thrown)) return { kind: "failure", error: thrown };
  if (kind === "shutdown") return { kind: "unfinished" };
  const passesOn = passesAbortOn(thrown, reason);
  if (kind === "cancelled") {
    return passesOn ? cancelled(reason) : cancelled(thrown, `${storedText.cancelled}: ${errorText(thrown)}`);
  }
  return passesOn ? { kind: "failure", error: reason, stored: storedText[kind] } : { kind: "failure", error: thrown };
}

/** The verdict on a task that was cancelled while it ran. */
export function cancelled(error: unknown, stored: string = storedText.cancelled): Verdict {
  return { kind: "cancelled", error, stored };
}

function passesAbortOn(thrown: unknown, reason: unknown): boolean {
  if (thrown === reason) return true;
  try {
    return thrown instanceof Error && (thrown.name === "AbortError" || thrown.cause === reason);
  } catch {
    return false;
  }
}

/**
 * Asynq's delay, in milliseconds: n^4 + 15 + 0..29 × (n + 1) seconds, at most 292 years. Asynq's own overflows beyond
 * that.
 */
export function defaultRetryDelayMs(context: RetryContext, random: Random): number {
  const { retried } = context;
  return Math.min((retried ** 4 + 15 + Math.floor(random() * 30) * (retried + 1)) * 1_000, longestDurationMs);
}
