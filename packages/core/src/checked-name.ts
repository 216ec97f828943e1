import { HikyakuError } from "./errors.ts";
import { shown } from "./option-names.ts";

/** The longest name of a type, queue, task or group, in bytes of UTF-8. */
const longestNameBytes = 1_024;

/** @throws HikyakuError `invalid_option` when the name is no text, blank, too long or no valid Unicode. */
export function checkedName(option: string, name: unknown): string {
  if (typeof name !== "string") throw invalid(option, "a text", shown(name));
  if (name.trim() === "") throw invalid(option, "a text that is not blank", shown(name));
  if (!name.isWellFormed()) throw invalid(option, "valid Unicode, without lone surrogates", shown(name));
  if (name.length > longestNameBytes / 3 && Buffer.byteLength(name) > longestNameBytes) {
    throw invalid(option, `at most ${longestNameBytes} bytes in UTF-8`, `${Buffer.byteLength(name)}`);
  }
  return name;
}

/** For names of what lies in the store, whoever gave them. @throws HikyakuError `invalid_option` for what is no text. */
export function checkedText(option: string, value: unknown): string {
  if (typeof value !== "string") throw invalid(option, "a text", shown(value));
  return value;
}

/** @throws HikyakuError `invalid_option` when the name can't be that of a queue; braces would change its Redis keys. */
export function checkedQueue(option: string, queue: unknown): string {
  const name = checkedName(option, queue);
  if (/[{}]/.test(name)) throw invalid(option, "a queue name without { and }", shown(name));
  return name;
}

function invalid(option: string, expected: string, got: string): HikyakuError {
  return new HikyakuError("invalid_option", `option "${option}": expected ${expected}, got ${got}`);
}
