import type { CatchUp } from "../broker/schedule-facet.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import type { Schedule } from "./schedule-spec.ts";
import type { TaskBlueprint } from "./task-blueprint.ts";

/** A checked entry: all that is needed to fire its turns. */
export interface EntryPlan {
  readonly entryId: string;
  readonly spec: string;
  readonly timeZone: string;
  readonly schedule: Schedule;
  readonly blueprint: TaskBlueprint;
  readonly catchUp: CatchUp;
  /**
   * Turns at or before this moment do not belong to the entry. Undefined: the moment is when some scheduler first knew
   * it.
   */
  readonly since: number | undefined;
}

/** Changes whenever earlier turns must not be made up for any more. */
export function scheduleKey({ spec, timeZone, since }: EntryPlan): string {
  return `${timeZone} ${since ?? ""} ${spec}`;
}

const mostCatchUp = 1_000;
const catchUpNames: ReadonlySet<string> = new Set(["all"]);

/** @throws HikyakuError `invalid_option`. */
export function checkedCatchUp(value: unknown): CatchUp {
  if (value === "skip" || value === "once") return value;
  if (typeof value === "object" && value !== null && "all" in value) {
    refuseUnknownOptions("catchUp", value, catchUpNames);
    const { all } = value;
    if (typeof all === "number" && Number.isInteger(all) && all >= 1 && all <= mostCatchUp) return { all };
  }
  throw new HikyakuError(
    "invalid_option",
    `option "catchUp": expected "skip", "once" or { all: n } with n from 1 to ${mostCatchUp}, got ${shown(value)}`,
  );
}
