/** How far a task is, and who said so. */
export interface KeptProgress {
  readonly done: number;
  /** How much there is to do. Undefined when nobody knows. */
  readonly total?: number;
  readonly message?: string;
  /** When it was said, by the clock of the server. Undefined when another program wrote it without a moment. */
  readonly at?: number;
  /** The server that ran the handler. Undefined when another program wrote it. */
  readonly by?: string;
  /** In which attempt: 1 for the first. */
  readonly attempt?: number;
}

/** Of a progress that is told as one number. */
export const percentTotal = 100;

export function progressText(progress: KeptProgress): string {
  return JSON.stringify(progress);
}

/** Reads what is stored. A number alone is a percentage. Undefined for anything that is no progress. */
export function readProgress(text: string | undefined): KeptProgress | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    const stored: unknown = JSON.parse(text);
    return isAmount(stored) ? { done: stored, total: percentTotal } : progressIn(stored);
  } catch {
    return undefined;
  }
}

function progressIn(stored: unknown): KeptProgress | undefined {
  if (typeof stored !== "object" || stored === null) return undefined;
  const { done, total, message, at, by, attempt } = stored as Partial<KeptProgress>;
  if (!isAmount(done)) return undefined;
  return {
    done,
    ...(isAmount(total) && { total }),
    ...(typeof message === "string" && { message }),
    ...(typeof at === "number" && Math.abs(at) <= 8.64e15 && { at }),
    ...(typeof by === "string" && { by }),
    ...(Number.isSafeInteger(attempt) && { attempt }),
  };
}

/** JSON can say more than a number can hold. */
function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
