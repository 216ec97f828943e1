import type { PauseSource } from "../broker/inspect-facet.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import type { InspectorCallOptions } from "./call-budget.ts";

export interface PauseQueueOptions extends InspectorCallOptions {
  /** For whom you ask, such as a user's name: kept with the pause. At most 200 characters. */
  readonly who?: string;
  /** Why: kept with the pause. At most 500 characters. */
  readonly reason?: string;
}

export const pauseNames: ReadonlySet<string> = new Set<keyof PauseQueueOptions>(["who", "reason", "signal", "within"]);

/** @throws HikyakuError `invalid_option`. */
export function checkedPauseSource({ who, reason }: PauseQueueOptions): PauseSource {
  return { who: checkedNote("who", who, 200), reason: checkedNote("reason", reason, 500) };
}

function checkedNote(option: string, value: unknown, most: number): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.length <= most) return value;
  const got = typeof value === "string" ? `${value.length}` : shown(value);
  throw new HikyakuError(
    "invalid_option",
    `option "${option}": expected a text of at most ${most} characters, got ${got}`,
  );
}
