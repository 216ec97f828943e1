import type { ProblemError } from "@hikyaku/contract";
import { RequestProblem } from "./request-problem.ts";
import { shownValue } from "./shown-value.ts";

/** The most that one answer names. */
const mostErrors = 20;

/** A text without such digits has no number that parsing would lose. */
const suspicious = /\d{16}|[eE][+-]?\d{3}/;

/** Strings, numbers and what gives them their places. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[{}[\],]/g;

/** An object or array that the scan is in. */
interface Container {
  readonly isArray: boolean;
  index: number;
  /** As it is written, in quotes. Undefined where the next string is a key. */
  key: string | undefined;
}

/**
 * Refuses JSON with numbers that would be stored as others: integers that JavaScript rounds, and what it takes for
 * infinite or for zero. Decimals that lose their last digits are let through. `text` is valid JSON.
 * @throws RequestProblem `invalid_body` that names the places.
 */
export function refuseLostNumbers(text: string): void {
  if (!suspicious.test(text)) return;
  const errors: ProblemError[] = [];
  const within: Container[] = [];
  for (const [token] of text.matchAll(tokens)) {
    const inner = within.at(-1);
    if (token === "{" || token === "[") within.push({ isArray: token === "[", index: 0, key: undefined });
    else if (token === "}" || token === "]") within.pop();
    else if (token === ",") {
      if (inner?.isArray === true) inner.index += 1;
      else if (inner !== undefined) inner.key = undefined;
    } else if (token.startsWith('"')) {
      if (inner?.isArray === false) inner.key ??= token;
    } else if (isLost(token)) {
      errors.push(errorAt(within, token));
      if (errors.length === mostErrors) break;
    }
  }
  if (errors.length === 0) return;
  throw new RequestProblem(
    "invalid_body",
    "The body has numbers that would be stored as others; nothing was done. Send them as texts, or a payload as its bytes in payload_base64.",
    { errors },
  );
}

function isLost(written: string): boolean {
  const value = Number(written);
  if (/^-?\d+$/.test(written)) return !Number.isSafeInteger(value) && String(value) !== written;
  return !Number.isFinite(value) || (value === 0 && /^[^eE]*[1-9]/.test(written));
}

function errorAt(within: readonly Container[], written: string): ProblemError {
  const path = within.map(({ isArray, index, key }) => (isArray ? index : JSON.parse(key ?? '""')));
  const stored = JSON.stringify(Number(written));
  return {
    location: String(shownValue(["body", ...path].join("."))),
    message: `expected a number that can be stored exactly; this one would become ${stored}`,
    value: shownValue(written),
  };
}
