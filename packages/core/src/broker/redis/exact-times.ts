import type { TaskMessage } from "../task-message.ts";

/*
 * The wire format knows whole seconds only. Where a task's times are finer, they lie beside the message in a hash field
 * of our own, `timeout,deadline,retention` in milliseconds, and count only as long as they still fit the message: a Go
 * program that changes the message leaves the field behind.
 */

/** The field's text, or undefined where whole seconds say it all. */
export function exactTimes(message: TaskMessage): string | undefined {
  const deadlineAt = message.deadlineAt ?? 0;
  if (message.timeoutMs % 1_000 === 0 && deadlineAt % 1_000 === 0 && message.retentionMs % 1_000 === 0)
    return undefined;
  return `${message.timeoutMs},${deadlineAt},${message.retentionMs}`;
}

/** The message with its exact times, as far as they fit. */
export function withExactTimes(message: TaskMessage, field: string | undefined): TaskMessage {
  if (field === undefined) return message;
  const [timeoutMs = 0, deadlineAt = 0, retentionMs = 0] = field.split(",").map(Number);
  const wireDeadline = message.deadlineAt ?? 0;
  return {
    ...message,
    timeoutMs: roundedUp(timeoutMs) === message.timeoutMs ? timeoutMs : message.timeoutMs,
    deadlineAt:
      wireDeadline > 0 && Math.floor(deadlineAt / 1_000) * 1_000 === wireDeadline ? deadlineAt : message.deadlineAt,
    retentionMs: roundedUp(retentionMs) === message.retentionMs ? retentionMs : message.retentionMs,
  };
}

function roundedUp(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}
