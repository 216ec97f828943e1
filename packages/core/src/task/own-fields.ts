import type { TaskMessage } from "../broker/task-message.ts";
import { fieldNames, fieldRow, type OwnField } from "./task-fields.ts";

/** The fields of a task that Asynq's message has no place for, each where it was asked for. */
export type OwnFields = { readonly [Field in OwnField]?: TaskMessage[Field] };

/** The same as options are resolved to: undefined where it was not asked for, and none can be forgotten. */
export type OwnValues = { readonly [Field in OwnField]-?: TaskMessage[Field] | undefined };

/** Their names. */
export const ownFields: readonly (keyof TaskMessage)[] = fieldNames.filter((name) => fieldRow(name).wire === "none");

/** Those of them that something holds; undefined where it holds none, which costs nothing. */
export function ownFieldsOf(holder: OwnFields | OwnValues): OwnFields | undefined {
  let own: Record<string, unknown> | undefined;
  for (const name of ownFields) {
    const value: unknown = Reflect.get(holder, name);
    if (value === undefined) continue;
    own ??= {};
    own[name] = value;
  }
  return own;
}
