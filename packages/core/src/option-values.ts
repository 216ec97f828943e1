import { HikyakuError } from "./errors.ts";
import { shown } from "./option-names.ts";

/** @throws HikyakuError `invalid_option` for anything but a function or nothing. */
export function checkedFunction<Value>(option: string, value: Value): Value {
  if (value === undefined || typeof value === "function") return value;
  throw invalid(option, "a function", value);
}

/** @throws HikyakuError `invalid_option`. */
export function checkLogger(value: unknown): void {
  checkMethods("logger", value, ["debug", "info", "warn", "error"], "an object with debug, info, warn and error");
}

/** @throws HikyakuError `invalid_option`. */
export function checkClock(value: unknown): void {
  checkMethods("clock", value, ["now", "monotonic", "setTimer"], "a clock");
}

/** @throws HikyakuError `invalid_option` for anything but an object with these methods. */
export function checkMethods(option: string, value: unknown, methods: readonly string[], expected: string): void {
  const has = (name: string): boolean =>
    typeof value === "object" && value !== null && typeof Reflect.get(value, name) === "function";
  if (!methods.every(has)) throw invalid(option, expected, value);
}

function invalid(option: string, expected: string, value: unknown): HikyakuError {
  return new HikyakuError("invalid_option", `option "${option}": expected ${expected}, got ${shown(value)}`);
}
