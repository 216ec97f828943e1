import type { TaskMessage } from "./task-message.ts";

/**
 * A value for each field of a message. Code that compares, writes or names messages field by field takes one, so that the
 * type checker refuses a message with a field that it was not told of.
 */
export type EachField<Value, Except extends keyof TaskMessage = never> = {
  readonly [Field in Exclude<keyof TaskMessage, Except>]-?: Value;
};

/** Whether the answer is yes for each field. */
export function isTrueOfEach(answers: Readonly<Record<string, boolean>>): boolean {
  for (const field in answers) if (answers[field] !== true) return false;
  return true;
}
