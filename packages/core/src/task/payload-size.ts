import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/** The default limit of a payload for clients, inspectors and schedules, in bytes. */
export const defaultMaxPayloadBytes = 1_048_576;

/**
 * `what` begins the message, such as `payload of "mail"`. `option` names the option to raise; undefined when there is
 * none.
 */
export function payloadTooLarge(
  what: string,
  bytes: number,
  mostBytes: number,
  option: string | undefined,
): HikyakuError {
  return new HikyakuError(
    "invalid_payload",
    `${what}: expected at most ${mostBytes} bytes, got ${bytes}; ` +
      `keep large data elsewhere and name it in the payload${option === undefined ? "" : `, or raise ${option}`}`,
  );
}

/** @throws HikyakuError `invalid_option`. */
export function checkedMaxPayloadBytes(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new HikyakuError(
    "invalid_option",
    `option "maxPayloadBytes": expected a whole number from 0 up, got ${shown(value)}`,
  );
}
