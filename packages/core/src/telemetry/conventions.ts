import type { Attributes } from "@opentelemetry/api";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/**
 * Whose names spans and metrics have, of OpenTelemetry's conventions for messaging: those of 1.24 (`old`), those of
 * 1.44 (`new`), or both (`dup`). A span has one name: with `dup` the new one.
 */
export type Conventions = "old" | "new" | "dup";

/** What the variable `OTEL_SEMCONV_STABILITY_OPT_IN` asks for: a list, of which `messaging/dup` and `messaging` count. */
export function conventionsOf(optIn: string | undefined): Conventions {
  const words = (optIn ?? "").split(",").map((word) => word.trim());
  if (words.includes("messaging/dup")) return "dup";
  return words.includes("messaging") ? "new" : "old";
}

const allConventions: readonly unknown[] = ["old", "new", "dup"] satisfies readonly Conventions[];

/** @throws HikyakuError `invalid_option`. */
export function checkedConventions(value: unknown): Conventions {
  if (allConventions.includes(value)) return value as Conventions;
  throw new HikyakuError("invalid_option", `option "conventions": expected "old", "new" or "dup", got ${shown(value)}`);
}

export type Operation = "enqueue" | "process";

/** How the conventions call an operation. Ours have names of their own beside the types that the conventions know. */
const typeOf = { enqueue: { old: "publish", new: "send" }, process: { old: "deliver", new: "process" } } as const;

export function spanName(conventions: Conventions, operation: Operation, destination: string | undefined): string {
  if (conventions === "old")
    return destination === undefined ? typeOf[operation].old : `${destination} ${typeOf[operation].old}`;
  return destination === undefined ? operation : `${operation} ${destination}`;
}

/** What holds of every span and measurement of an operation. */
export function operationAttributes(
  conventions: Conventions,
  operation: Operation,
  system: string,
  destination: string | undefined,
): Attributes {
  return {
    "messaging.system": system,
    ...(destination !== undefined && { "messaging.destination.name": destination }),
    ...(conventions !== "new" && { "messaging.operation": typeOf[operation].old }),
    ...(conventions !== "old" && {
      "messaging.operation.name": operation,
      "messaging.operation.type": typeOf[operation].new,
    }),
  };
}
