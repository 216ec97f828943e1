import { defineTask, type TaskDefinition } from "hikyaku";
import type { OperationsContext } from "../context.ts";
import { RequestProblem } from "../problems/request-problem.ts";
import { refusalOfGiven } from "./given-task.ts";

/** A type's definition, and whether somebody wrote it. */
export interface FoundDefinition {
  readonly definition: TaskDefinition;
  /** False: it says nothing of the payload. */
  readonly checked: boolean;
}

/** Callers choose the names, so that no more than so many are kept. */
const mostKept = 1_000;
const made = new Map<string, TaskDefinition>();

/** @throws RequestProblem `type_not_found`. */
export function definedType({ types }: Pick<OperationsContext, "types">, type: string): TaskDefinition {
  const definition = types.get(type);
  if (definition !== undefined) return definition;
  throw new RequestProblem(
    "type_not_found",
    "No definition of this type is known here; POST /queues/{queue}/tasks enqueues tasks of any type, unchecked.",
  );
}

/**
 * The definition of any type.
 * @throws RequestProblem `invalid_option` for a name that no type can have.
 */
export function anyType(context: Pick<OperationsContext, "types">, type: string, place: string): FoundDefinition {
  const known = context.types.get(type);
  if (known !== undefined) return { definition: known, checked: true };
  let definition = made.get(type);
  if (definition === undefined) {
    try {
      definition = defineTask({ type });
    } catch (error) {
      throw refusalOfGiven(error, place);
    }
    if (made.size >= mostKept) made.clear();
    made.set(type, definition);
  }
  return { definition, checked: false };
}
