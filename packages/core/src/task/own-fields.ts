import type { TaskMessage } from "../broker/task-message.ts";
import { fieldNames, fieldRow, type OwnField } from "./task-fields.ts";

/** The fields of a task that Asynq's message has no place for. Each is absent when nobody asked for it. */
export type OwnFields = { readonly [Field in OwnField]?: TaskMessage[Field] };

/** The same as resolved options: undefined when nobody asked for it. The type lets none be forgotten. */
export type OwnValues = { readonly [Field in OwnField]-?: TaskMessage[Field] | undefined };

/** Their names. */
export const ownFields: readonly (keyof TaskMessage)[] = fieldNames.filter((name) => fieldRow(name).wire === "none");

/** The own fields that `holder` sets. Undefined when it sets none, which costs nothing. */
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
