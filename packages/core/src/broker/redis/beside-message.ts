import { errorText, HikyakuError } from "../../errors.ts";
import { isOfKind } from "../../task/field-kind.ts";
import { type OwnFields, ownFields, ownFieldsOf } from "../../task/own-fields.ts";
import { fieldRow } from "../../task/task-fields.ts";
import type { TaskMessage } from "../task-message.ts";

/*
 * What Asynq's message can't say lies beside it, in the hash field `hk:exact` of the task: `timeout,deadline,retention` in
 * milliseconds, since the message knows whole seconds only, then a comma and the fields that it has no place for, as JSON,
 * where there are any. A time counts only as long as it still fits the message: a Go program that changes the message leaves
 * the field behind. Versions that know fewer fields read the three times and leave the rest.
 */

/** The text to store beside a message. Undefined when the message holds everything. */
export function besideMessage(message: TaskMessage): string | undefined {
  const deadlineAt = message.deadlineAt ?? 0;
  const isWhole = message.timeoutMs % 1_000 === 0 && deadlineAt % 1_000 === 0 && message.retentionMs % 1_000 === 0;
  const own = ownFieldsOf(message);
  if (isWhole && own === undefined) return undefined;
  const times = `${message.timeoutMs},${deadlineAt},${message.retentionMs}`;
  return own === undefined ? times : `${times},${JSON.stringify(own)}`;
}

/**
 * The message together with the text stored beside it.
 * @throws HikyakuError `corrupt_data` when a field of our own can't be read.
 */
export function withBeside(message: TaskMessage, text: string | undefined): TaskMessage {
  if (text === undefined) return message;
  const [timeoutMs = 0, deadlineAt = 0, retentionMs = 0] = text.split(",", 3).map(Number);
  const wireDeadline = message.deadlineAt ?? 0;
  const exact = {
    ...message,
    timeoutMs: roundedUp(timeoutMs) === message.timeoutMs ? timeoutMs : message.timeoutMs,
    deadlineAt:
      wireDeadline > 0 && Math.floor(deadlineAt / 1_000) * 1_000 === wireDeadline ? deadlineAt : message.deadlineAt,
    retentionMs: roundedUp(retentionMs) === message.retentionMs ? retentionMs : message.retentionMs,
  };
  return ownFields.length === 0 ? exact : { ...exact, ...ownFieldsIn(text) };
}

function roundedUp(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}

/** Fields of a newer version are left out here; the store keeps them. */
function ownFieldsIn(text: string): OwnFields | undefined {
  const json = text.split(",").slice(3).join(",");
  if (json === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw corrupt(errorText(error), error);
  }
  if (typeof value !== "object" || value === null) throw corrupt(`expected an object, got ${json}`);
  const own = ownFieldsOf(value);
  for (const [name, held] of Object.entries(own ?? {})) {
    const row = ownFields.find((each) => each === name);
    if (row === undefined || !isOfKind(fieldRow(row).kind, held)) throw corrupt(`"${name}" is ${JSON.stringify(held)}`);
  }
  return own;
}

function corrupt(detail: string, cause?: unknown): HikyakuError {
  return new HikyakuError("corrupt_data", `hash field "hk:exact": ${detail}`, { cause });
}
