import { HikyakuError } from "./errors.ts";
import { shown } from "./option-names.ts";

/**
 * The signal that a caller gave. One of another realm or library will do, as long as it can be asked and listened to.
 * @throws HikyakuError `invalid_option` when it would never be heard; the message names `option`.
 */
export function checkedSignal(value: AbortSignal | undefined, option = "signal"): AbortSignal | undefined {
  if (value === undefined || isSignal(value)) return value;
  throw new HikyakuError("invalid_option", `option "${option}": expected an AbortSignal, got ${shown(value)}`);
}

function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>;
  return (
    typeof aborted === "boolean" && typeof addEventListener === "function" && typeof removeEventListener === "function"
  );
}
