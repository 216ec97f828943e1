import type { PauseSource, QueuePause } from "../inspect-facet.ts";

/** What is kept beside a pause flag. Empty when there is nothing to say. */
export function pauseNote(flag: string, { who, reason }: PauseSource): string {
  return who === undefined && reason === undefined ? "" : JSON.stringify({ flag, who, reason });
}

/** A pause by its flag and the note beside it. A note of an earlier pause, which another program ended, says nothing. */
export function queuePauseOf(flag: string, note: string): QueuePause {
  const at = /^\d{1,12}$/.test(flag) ? Number(flag) * 1_000 : undefined;
  const noted = parsed(note);
  return noted?.["flag"] === flag ? { at, who: textOf(noted["who"]), reason: textOf(noted["reason"]) } : { at };
}

function parsed(note: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(note);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
